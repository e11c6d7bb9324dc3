import { parentPort, workerData } from 'node:worker_threads'
import { newQuickJSWASMModule, newVariant, RELEASE_SYNC } from 'quickjs-emscripten'
import { type Interpreter, openInterpreter } from './interpreter.ts'
import type { SandboxLimits, SandboxOutcome } from './limits.ts'

const { limits, progress } = workerData as { limits: SandboxLimits; progress: Int32Array }
const pageBytes = 64 * 1024
/** What the interpreter's module asks for to begin with. */
const ownPages = 256
const maxPages = 32_768

let interpreter = await newInterpreter()

/** The interpreter's own count of a heap leaves out what lies in typed arrays and between the pieces: its memory itself is bounded. */
async function newInterpreter(): Promise<Interpreter> {
  const maximum = Math.min(ownPages + Math.ceil(limits.maxBytes / pageBytes), maxPages)
  const wasmMemory = new WebAssembly.Memory({ initial: ownPages, maximum })
  const module = await newQuickJSWASMModule(newVariant(RELEASE_SYNC, { wasmMemory }))
  return openInterpreter(module, wasmMemory, limits, () => Atomics.add(progress, 0, 1))
}

async function call(request: { source: string; args: readonly unknown[] }): Promise<SandboxOutcome> {
  try {
    return interpreter.call(request)
  } catch (error) {
    // A hook that overran the interpreter's own stack leaves it in no known state.
    interpreter = await newInterpreter()
    return { ok: false, reason: 'raised', message: `the interpreter gave up: ${(error as Error).message}` }
  }
}

parentPort?.on('message', async (request) => parentPort?.postMessage(await call(request)))
parentPort?.postMessage('ready')
