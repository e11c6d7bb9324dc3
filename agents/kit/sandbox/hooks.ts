import { z } from 'zod'
import type { Hooks } from '../../../schemas/program.ts'
import { truncate } from '../../../schemas/text.ts'
import type { SandboxOutcome } from '../../../tasks/sandbox/limits.ts'
import type { Sandbox } from '../../../tasks/sandbox/sandbox.ts'

/** What a hook gets beside the reply or the row. */
export type HookContext = {
  /** Number of the prompt, and which of the rows asked for with it. */
  index: number
  sample: number
  skill: string
  source: string
  instruction: string
  /** What `{{seed}}` stood for; null where there was none. */
  seed: string | null
  parameters: Readonly<Record<string, string>>
  /** In [0, 1), from the run's seed and the row's id: the only randomness there is. */
  chance: number
}

export const WrittenRow = z.object({ input: z.string().trim().min(1), output: z.string().trim().min(1) })
export type WrittenRow = z.infer<typeof WrittenRow>

/** A row to go on from, or the reply's text for `parse` to read. */
export type Given = { reply: string } | { row: WrittenRow }

/** The rows of one reply, the first with what `expand` made of it; no row in it; a row refused; or a hook that failed. */
export type Hooked =
  | { kind: 'rows'; rows: WrittenRow[] }
  | { kind: 'none' }
  | { kind: 'not-accepted'; reason: string }
  | { kind: 'failed'; reason: string }

const maxReasonChars = 300

/** Runs inside the sandbox: the hooks of one reply, one after the other, in one interpreter. Says how far it came. */
const runner = (hooks: Hooks): string => `(given, context) => {
  const { parse: read, stringify } = JSON
  const copy = (value) => value === undefined ? null : read(stringify(value))
  const parse = ${functionText(hooks.parse)}
  const accept = ${functionText(hooks.accept)}
  const expand = ${functionText(hooks.expand)}
  let at = 'parse'
  try {
    const row = copy('reply' in given ? parse(given.reply, copy(context)) : given.row)
    if (row === null) return { at }
    at = 'accept'
    const verdict = accept ? accept(copy(row), copy(context)) : true
    if (verdict !== true) return { at, row, value: verdict }
    at = 'expand'
    return { at, row, value: expand ? expand(copy(row), copy(context)) : [] }
  } catch (error) {
    return { at, error: String(error) }
  }
}`

/** The text stands on lines of its own, so that a comment at its end cannot swallow the bracket. */
const functionText = (source: string | undefined): string => (source === undefined ? 'null' : `(\n${source}\n)`)

const Ran = z.object({
  at: z.enum(['parse', 'accept', 'expand']),
  value: z.json().optional(),
  row: z.json().optional(),
  error: z.string().optional(),
})

/** Calls the hooks of a source for one reply; whatever they do costs that reply alone. */
export async function callHooks(
  sandbox: Pick<Sandbox, 'call'>,
  hooks: Hooks,
  given: Given,
  context: HookContext,
): Promise<Hooked> {
  const outcome = await sandbox.call(runner(hooks), given, context)
  if (!outcome.ok) return failed(outcome.message)
  const ran = Ran.safeParse(outcome.value)
  if (!ran.success) return failed('a hook returned something that has no JSON form')
  const { at, value, error } = ran.data
  if (error !== undefined) return failed(`${at}: ${error}`)
  if (at === 'parse') return { kind: 'none' }
  const row = WrittenRow.safeParse(ran.data.row)
  if (!row.success) return failed(`parse returned something else than {input, output}: ${why(row.error)}`)
  if (at === 'accept') {
    if (value === false) return { kind: 'not-accepted', reason: 'accept refused it' }
    if (typeof value === 'string') return { kind: 'not-accepted', reason: `accept: ${truncate(value, maxReasonChars)}` }
    return failed('accept returned something else than true, false or a reason')
  }
  const further = z.array(WrittenRow).max(hooks.maxExpanded).safeParse(value)
  if (further.success) return { kind: 'rows', rows: [row.data, ...further.data] }
  return failed(`expand returned something else than up to ${hooks.maxExpanded} rows: ${why(further.error)}`)
}

const failed = (reason: string): Hooked => ({ kind: 'failed', reason: truncate(reason, maxReasonChars) })

function why({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.length ? `at ${issue.path.join('.')}: ` : ''}${issue?.message}`
}

const names = ['parse', 'accept', 'expand'] as const

/** The hooks of a source that are no functions, each with why. Runs nothing of them. */
export async function hooksThatDoNotCompile(
  sandbox: Sandbox,
  hooks: Hooks,
): Promise<{ hook: (typeof names)[number]; why: string }[]> {
  const checked = names.map(async (hook) => {
    const source = hooks[hook]
    const why = source === undefined ? null : notAFunction(await sandbox.call(`() => typeof ${functionText(source)}`))
    return why === null ? [] : [{ hook, why }]
  })
  return (await Promise.all(checked)).flat()
}

function notAFunction(outcome: SandboxOutcome): string | null {
  if (!outcome.ok) return outcome.message
  return outcome.value === 'function' ? null : `it is of type ${outcome.value}, not a function`
}
