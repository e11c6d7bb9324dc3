import type { Program, PromptSource } from '../../../schemas/program.ts'
import type { PublicTask, SeedQuestion, TrainingRow } from '../../../schemas/task.ts'
import { withoutThoughts } from '../../../tasks/reply/thoughts.ts'
import { openSandbox, type Sandbox } from '../../../tasks/sandbox/sandbox.ts'
import { composePrompts } from '../../kit/compose-prompts.ts'
import { callHooks, type Hooked, hooksThatDoNotCompile } from '../../kit/sandbox/hooks.ts'

/** A row that holds, for hooks to be tried on, and a reply for `parse` where there is one. */
export type HookSample = { row: TrainingRow; seeds: readonly SeedQuestion[]; reply?: string }

/** What became of a trial, by source; `said` is left out where nothing was tried. */
export type HookTrial = { at: string; source: string; faults: string[]; outcome?: string }

/**
 * Compiles the hooks of a program and tries `accept` and `expand` on a row that holds, `parse` on the reply where one is given. A hook that
 * is no function or fails there is a fault; that `accept` refuses the row is not, nor that `parse` finds none.
 */
export async function tryHooks(program: Program, trial: HookSample): Promise<HookTrial[]> {
  if (!program.sources.some((source) => source.kind === 'prompt' && source.hooks)) return []
  await using sandbox = openSandbox()
  const trials: HookTrial[] = []
  for (const [index, source] of program.sources.entries()) {
    if (source.kind !== 'prompt' || !source.hooks) continue
    trials.push({ at: `sources[${index}].hooks`, source: source.id, ...(await tryOn(sandbox, source, trial)) })
  }
  return trials
}

/** The faults of a program's hooks, each with its place. */
export async function hookFaults(
  program: Program,
  { fewShot, seeds }: Pick<PublicTask, 'fewShot' | 'seeds'>,
): Promise<string[]> {
  const trials = await tryHooks(program, { row: fewShot[0]!, seeds })
  return trials.flatMap(({ at, faults }) => faults.map((fault) => `${at}${fault}`))
}

async function tryOn(
  sandbox: Sandbox,
  source: PromptSource,
  { row, seeds, reply }: HookSample,
): Promise<Omit<HookTrial, 'at' | 'source'>> {
  const { parse: _parse, ...rest } = source.hooks!
  const broken = await hooksThatDoNotCompile(sandbox, source.hooks!)
  if (broken.length > 0) return { faults: broken.map(({ hook, why }) => `.${hook}: ${why}`) }
  const shard = { round: { attempt: 1, round: 1 }, from: 0, count: 1, seed: 'trial' }
  const [prompt] = composePrompts(shard, source, { instruction: row.instruction, seeds: [...seeds] })
  const { context, messages } = prompt!
  const hooked =
    reply === undefined
      ? await callHooks(sandbox, rest, { row }, context)
      : await callHooks(sandbox, source.hooks!, { reply: withoutThoughts(reply, messages[0]!.content).answer }, context)
  return { faults: hooked.kind === 'failed' ? [`: on a sample: ${hooked.reason}`] : [], outcome: wordsOf(hooked) }
}

function wordsOf(hooked: Hooked): string {
  switch (hooked.kind) {
    case 'rows':
      return `accepts the sample${hooked.rows.length > 1 ? ` and expands it to ${hooked.rows.length} rows` : ''}`
    case 'none':
      return 'finds no row in the sample'
    case 'not-accepted':
      return `refuses the sample (${hooked.reason})`
    case 'failed':
      return `fails on the sample (${hooked.reason})`
    default:
      return hooked satisfies never
  }
}
