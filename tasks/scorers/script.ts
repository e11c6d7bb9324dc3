import { z } from 'zod'
import type { ReplyScore } from '../../schemas/task.ts'
import { SandboxLimits } from '../sandbox/limits.ts'
import { openSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import type { ScorerOptions } from './scorer.ts'

/** What `score(response, item, options)` returns. */
const Returned = z.strictObject({
  correct: z.boolean(),
  extracted: z.union([z.string(), z.number(), z.boolean()]).transform(String).nullable().default(null),
  reason: z.string().max(200).optional(),
})

/** What a script gets of an item: always its answer, and its question where an item of a split is scored. */
export type ScriptItem = Readonly<{ answer: string } & Record<string, unknown>>

/** What one call of a script may take, read from the scorer's options; further options are the script's own. */
export const ScriptLimits = SandboxLimits.extend({
  maxSteps: SandboxLimits.shape.maxSteps.default(10_000),
  timeoutMs: SandboxLimits.shape.timeoutMs.default(1_000),
  maxBytes: SandboxLimits.shape.maxBytes.default(64 * 1024 ** 2),
  maxResultChars: SandboxLimits.shape.maxResultChars.default(10_000),
}).strip()

export type Script = {
  /** Why the script cannot score anything, or null. */
  fault(): Promise<string | null>
  /** Never throws: a script that raises, runs too long or returns something else gives a wrong with `scorer-error`. */
  score(response: string, item: ScriptItem): Promise<ReplyScore>
  /** A reply in the required form with this answer, from the script's own `inForm(answer)`; without one, the answer itself. */
  inForm(answer: string): Promise<string>
}

/** A thread that no reply has come to for this long is ended; the next reply starts another. */
const idleMs = 5_000

/**
 * The scorer that a task brings as the text of a JavaScript file with a function `score`, run in the sandbox alone. Throws on
 * options that are no limits.
 */
export function openScript(source: string, options: ScorerOptions): Script {
  const limits = ScriptLimits.parse(options)
  let sandbox: Sandbox | undefined
  let idle: NodeJS.Timeout | undefined
  const call = async (body: string, ...args: readonly unknown[]) => {
    clearTimeout(idle)
    sandbox ??= openSandbox(limits)
    const current = sandbox
    const outcome = await current.call(`(...args) => {\n${source}\nreturn ${body}\n}`, ...args)
    clearTimeout(idle)
    idle = setTimeout(() => {
      sandbox = undefined
      void current[Symbol.asyncDispose]()
    }, idleMs).unref()
    return outcome
  }
  const failed = (why: string): ReplyScore => ({
    strict: false,
    lenient: false,
    extracted: null,
    reason: `scorer-error: ${why}`,
  })
  return {
    async fault() {
      const outcome = await call('typeof score')
      if (!outcome.ok) return `${outcome.reason}: ${outcome.message}`
      return outcome.value === 'function' ? null : 'it has no function score'
    },
    async score(response, item) {
      const outcome = await call('score(...args)', response, item, options)
      if (!outcome.ok) return failed(`${outcome.reason}: ${outcome.message}`)
      const returned = Returned.safeParse(outcome.value)
      if (!returned.success) return failed('bad-result: score has to return {correct, extracted?, reason?}')
      const { correct, extracted, reason = correct ? 'match' : 'different' } = returned.data
      return { strict: correct, lenient: correct, extracted, reason }
    },
    async inForm(answer) {
      const outcome = await call("typeof inForm === 'function' ? String(inForm(...args)) : args[0]", answer)
      if (!outcome.ok) throw new Error(`inForm: ${outcome.message}`)
      return String(outcome.value)
    },
  }
}
