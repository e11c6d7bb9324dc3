import { parentPort, workerData } from 'node:worker_threads'
import { newQuickJSWASMModule, type QuickJSWASMModule } from 'quickjs-emscripten'
import { interpret } from './interpreter.ts'
import type { SandboxLimits, SandboxOutcome } from './limits.ts'

const limits = workerData as SandboxLimits
let module: QuickJSWASMModule = await newQuickJSWASMModule()

async function call(request: { source: string; args: readonly unknown[] }): Promise<SandboxOutcome> {
  try {
    return interpret(module, request, limits)
  } catch (error) {
    // A hook that overran the interpreter's own stack leaves it in no known state.
    module = await newQuickJSWASMModule()
    return { ok: false, reason: 'raised', message: `the interpreter gave up: ${(error as Error).message}` }
  }
}

parentPort?.on('message', async (request) => parentPort?.postMessage(await call(request)))
parentPort?.postMessage('ready')
