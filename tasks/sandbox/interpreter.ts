import type { QuickJSContext, QuickJSWASMModule } from 'quickjs-emscripten'
import { parseJson } from '../../schemas/bounded-json.ts'
import type { SandboxLimits, SandboxOutcome } from './limits.ts'

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
  message: message.slice(0, maxMessageChars),
})

/**
 * Calls a function given as source text with JSON arguments, in an interpreter made for this call alone: nothing is left over
 * from one row to the next, and only text crosses the border. It looks at no clock: equal calls end the same on every machine.
 * `onStep` is called every ten thousand operations or so. Throws when the interpreter itself broke; its module is then to be thrown away.
 */
export function interpret(
  module: QuickJSWASMModule,
  { source, args }: { source: string; args: readonly unknown[] },
  limits: SandboxLimits,
  onStep: () => void,
): SandboxOutcome {
  const runtime = module.newRuntime()
  runtime.setMemoryLimit(limits.maxBytes)
  runtime.setMaxStackSize(maxStackBytes)
  let steps = 0
  runtime.setInterruptHandler(() => {
    onStep()
    return ++steps > limits.maxSteps
  })
  const context = runtime.newContext({ intrinsics })
  const given = context.newString(JSON.stringify(args))
  context.setProp(context.global, 'given', given)
  given.dispose()
  // The text stands on lines of its own, so that a comment at its end cannot swallow the bracket.
  const code = `${prelude}toText((\n${source}\n)(...JSON.parse(given)))`
  const result = context.evalCode(code, 'hook.js')
  const outcome = result.error
    ? raised(context.dump(result.error), steps > limits.maxSteps)
    : parsed(context, result.value, limits.maxResultChars)
  ;(result.error ?? result.value).dispose()
  context.dispose()
  runtime.dispose()
  return outcome
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
