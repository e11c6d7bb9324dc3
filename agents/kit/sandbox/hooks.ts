import { z } from 'zod'
import { TrainingRow } from '../../../schemas/task.ts'
import type { SandboxOutcome } from '../../../tasks/sandbox/limits.ts'
import type { Sandbox } from '../../../tasks/sandbox/sandbox.ts'

/** What a program's hooks return. */
const results = {
  /** Rows read from one reply of the teacher. */
  parse: z.array(TrainingRow).max(100),
  /** Whether a row may stay, with the reason when it may not. */
  accept: z.union([z.boolean(), z.object({ accept: z.boolean(), reason: z.string().max(300).default('') })]),
  /** Further rows made from one row, the row itself not among them. */
  expand: z.array(TrainingRow).max(100),
}
type Results = { [K in keyof typeof results]: z.infer<(typeof results)[K]> }

export type HookName = keyof Results
export type HookOutcome<K extends HookName> = { ok: true; value: Results[K] } | Exclude<SandboxOutcome, { ok: true }>

/** Calls a program's hook and checks what it returned. A result of another shape is a `bad-result`, as if the hook had failed. */
export async function callHook<K extends HookName>(
  sandbox: Sandbox,
  hook: K,
  source: string,
  ...args: readonly unknown[]
): Promise<HookOutcome<K>> {
  const outcome = await sandbox.call(source, ...args)
  if (!outcome.ok) return outcome
  const checked = results[hook].safeParse(outcome.value)
  if (checked.success) return { ok: true, value: checked.data as Results[K] }
  const [issue] = checked.error.issues
  const where = issue?.path.length ? ` at ${issue.path.join('.')}` : ''
  return { ok: false, reason: 'bad-result', message: `${hook} returned something else${where}: ${issue?.message}` }
}

/** Why a hook's text is no function, or null when it is one. Runs nothing of the function. */
export async function whyNoFunction(sandbox: Sandbox, source: string): Promise<string | null> {
  const outcome = await sandbox.call(`() => typeof (\n${source}\n)`)
  if (!outcome.ok) return outcome.message
  return outcome.value === 'function' ? null : `it is of type ${outcome.value}, not a function`
}
