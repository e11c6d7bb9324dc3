import type { QuickJSContext, QuickJSHandle, QuickJSWASMModule } from 'quickjs-emscripten'
import { parseJson } from '../../schemas/bounded-json.ts'
import { truncate } from '../../schemas/text.ts'
import type { SandboxLimits, SandboxOutcome } from './limits.ts'
import { openMemory, type Snapshot } from './memory.ts'

const maxStackBytes = 128 * 1024
const maxMessageChars = 300

/** No clock and no random numbers: the same hook gives the same rows on every machine. */
const intrinsics = {
  BaseObjects: true,
  Eval: true,
  StringNormalize: true,
  RegExp: true,
  RegExpCompiler: true,
  JSON: true,
  MapSet: true,
  TypedArrays: true,
  BigInt: true,
  // For an async function to be distinguished from others: what waits is never run.
  Promise: true,
}
const prelude = `delete Math.random;
const toText = ((Promised) => (value) => {
  if (value instanceof Promised) throw new TypeError('it returned a promise, which nothing waits for; write it without async')
  return JSON.stringify(value)
})(Promise);
delete globalThis.Promise;`

const failed = (reason: Exclude<SandboxOutcome, { ok: true }>['reason'], message: string): SandboxOutcome => ({
  ok: false,
  reason,
  message: truncate(message, maxMessageChars),
})

/** Calls functions given as source text with JSON arguments, each in the interpreter as it was when it was made. */
export type Interpreter = {
  /** Throws when the interpreter itself broke; its module is then to be thrown away. */
  call(request: { source: string; args: readonly unknown[] }): SandboxOutcome
}

/** A function that is ready to be called, the steps it took to get there, and the memory to begin each call from. */
type Prepared = { run: QuickJSHandle; steps: number; memory: Snapshot }

/** Of all prepared functions together. */
const maxPreparedBytes = 32 * 1024 ** 2

/**
 * An interpreter is made once, a function is prepared once, and before each call all memory is what it was then: nothing is left over from
 * one row to the next, and only text crosses the border. It looks at no clock: equal calls end the same on every machine.
 * `onStep` is called every ten thousand operations or so. `wasmMemory`: the module's own, as it was made.
 */
export function openInterpreter(
  module: QuickJSWASMModule,
  wasmMemory: WebAssembly.Memory,
  limits: SandboxLimits,
  onStep: () => void,
): Interpreter {
  const memory = openMemory(wasmMemory)
  const runtime = module.newRuntime()
  runtime.setMemoryLimit(limits.maxBytes)
  runtime.setMaxStackSize(maxStackBytes)
  let steps = 0
  runtime.setInterruptHandler(() => {
    onStep()
    return ++steps > limits.maxSteps
  })
  const context = runtime.newContext({ intrinsics })
  context.evalCode(prelude, 'prelude.js')
  const empty = memory.snapshot()
  const prepared = new Map<string, Prepared>()
  let bytes = 0

  /** What `result` raised; null where it raised nothing. */
  const failure = (result: ReturnType<QuickJSContext['evalCode']>): SandboxOutcome | null =>
    result.error ? raised(context.dump(result.error), steps > limits.maxSteps) : null

  function prepare(source: string): Prepared | SandboxOutcome {
    const known = prepared.get(source)
    if (known) return known
    memory.restore(empty)
    memory.clearAfter(empty)
    steps = 0
    // The text stands on lines of its own, so that a comment at its end cannot swallow the bracket.
    const code = `((hook) => (given) => toText(hook(...JSON.parse(given))))((\n${source}\n))`
    const result = context.evalCode(code, 'hook.js')
    const raisedByText = failure(result)
    if (raisedByText) return raisedByText
    const made = { run: result.unwrap(), steps, memory: memory.snapshot() }
    bytes += made.memory.bytes
    for (const [oldest, { memory: held }] of prepared) {
      if (bytes <= maxPreparedBytes) break
      prepared.delete(oldest)
      bytes -= held.bytes
    }
    prepared.set(source, made)
    return made
  }

  return {
    call({ source, args }) {
      const ready = prepare(source)
      if ('ok' in ready) return ready
      memory.restore(ready.memory)
      steps = ready.steps
      // No handle is disposed of: the memory that it names is what it was before at the next call.
      const result = context.callFunction(ready.run, context.undefined, context.newString(JSON.stringify(args)))
      return failure(result) ?? parsed(context, result.unwrap(), limits.maxResultChars)
    },
  }
}

/** What a hook throws may be any value, and as deep as any: of one that is no error only a plain value is shown. */
function raised(error: unknown, expired: boolean): SandboxOutcome {
  if (expired) return failed('timeout', 'the hook ran longer than it may')
  const { name, message } = (typeof error === 'object' ? (error ?? {}) : { message: error }) as Record<string, unknown>
  if (error === null || message === 'out of memory') return failed('memory', 'the hook took more memory than it may')
  const text =
    message === undefined || typeof message === 'object' ? 'it threw a value that is no error' : String(message)
  return failed('raised', `${typeof name === 'string' ? name : 'Error'}: ${text}`)
}

function parsed(
  context: QuickJSContext,
  handle: Parameters<QuickJSContext['getString']>[0],
  maxResultChars: number,
): SandboxOutcome {
  if (context.typeof(handle) !== 'string') return failed('bad-result', 'the hook returned nothing that has a JSON form')
  const text = context.getString(handle)
  if (text.length > maxResultChars)
    return failed('bad-result', `the hook returned ${text.length} characters; ${maxResultChars} are allowed`)
  try {
    return { ok: true, value: parseJson(text) }
  } catch (error) {
    return failed('bad-result', `the hook returned JSON that cannot be read: ${(error as Error).message}`)
  }
}
