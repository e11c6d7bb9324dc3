import { parentPort, workerData } from 'node:worker_threads'
import { newQuickJSWASMModule, newVariant, type QuickJSWASMModule, RELEASE_SYNC } from 'quickjs-emscripten'
import { interpret } from './interpreter.ts'
import type { SandboxLimits, SandboxOutcome } from './limits.ts'

const { limits, progress } = workerData as { limits: SandboxLimits; progress: Int32Array }
const pageBytes = 64 * 1024
/** What the interpreter's module asks for to begin with. */
const ownPages = 256
const maxPages = 32_768

let module = await newModule()

/** The interpreter's own count of a heap leaves out what lies in typed arrays and between the pieces: its memory itself is bounded. */
function newModule(): Promise<QuickJSWASMModule> {
  const maximum = Math.min(ownPages + Math.ceil(limits.maxBytes / pageBytes), maxPages)
  const wasmMemory = new WebAssembly.Memory({ initial: ownPages, maximum })
  return newQuickJSWASMModule(newVariant(RELEASE_SYNC, { wasmMemory }))
}

async function call(request: { source: string; args: readonly unknown[] }): Promise<SandboxOutcome> {
  try {
    return interpret(module, request, limits, () => Atomics.add(progress, 0, 1))
  } catch (error) {
    // A hook that overran the interpreter's own stack leaves it in no known state.
    module = await newModule()
    return { ok: false, reason: 'raised', message: `the interpreter gave up: ${(error as Error).message}` }
  }
}

parentPort?.on('message', async (request) => parentPort?.postMessage(await call(request)))
parentPort?.postMessage('ready')
