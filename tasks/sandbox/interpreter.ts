import type { QuickJSContext, QuickJSWASMModule } from 'quickjs-emscripten'
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
  // For an async function to be told from others: what waits is never run.
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
 * from one row to the next, and only text crosses the border. Throws when the interpreter itself broke; its module is then
 * to be thrown away.
 */
export function interpret(
  module: QuickJSWASMModule,
  { source, args }: { source: string; args: readonly unknown[] },
  limits: SandboxLimits,
): SandboxOutcome {
  const runtime = module.newRuntime()
  runtime.setMemoryLimit(limits.maxBytes)
  runtime.setMaxStackSize(maxStackBytes)
  const deadline = performance.now() + limits.timeoutMs
  let expired = false
  let steps = 0
  runtime.setInterruptHandler(() => {
    expired ||= ++steps > limits.maxSteps || performance.now() > deadline
    return expired
  })
  const context = runtime.newContext({ intrinsics })
  const given = context.newString(JSON.stringify(args))
  context.setProp(context.global, 'given', given)
  given.dispose()
  // The text stands on lines of its own, so that a comment at its end cannot swallow the bracket.
  const code = `${prelude}toText((\n${source}\n)(...JSON.parse(given)))`
  const result = context.evalCode(code, 'hook.js')
  const outcome = result.error
    ? raised(context.dump(result.error), expired)
    : parsed(context, result.value, limits.maxResultChars)
  ;(result.error ?? result.value).dispose()
  context.dispose()
  runtime.dispose()
  return outcome
}

function raised(error: unknown, expired: boolean): SandboxOutcome {
  const { name = 'Error', message = String(error) } = (error ?? {}) as { name?: string; message?: string }
  if (expired) return failed('timeout', 'the hook ran longer than it may')
  if (error === null || message === 'out of memory') return failed('memory', 'the hook took more memory than it may')
  return failed('raised', `${name}: ${message}`)
}

function parsed(
  context: QuickJSContext,
  handle: Parameters<QuickJSContext['getString']>[0],
  maxResultChars: number,
): SandboxOutcome {
  if (context.typeof(handle) !== 'string') return failed('bad-result', 'the hook returned nothing that has a JSON form')
  const text = context.getString(handle)
  if (text.length > maxResultChars) {
    return failed('bad-result', `the hook returned ${text.length} characters; ${maxResultChars} are allowed`)
  }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return failed('bad-result', 'the hook returned text that is not JSON')
  }
}
