import { type Bus, TerminalError, UnfitError } from '../../bus/mod.ts'
import { canonicalJson } from '../../schemas/hash.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import type { Round } from '../../schemas/messages/generation.ts'
import { checkCallsOf } from '../../schemas/program.ts'
import { PublicTask } from '../../schemas/task.ts'
import type { Spent } from '../../schemas/usage.ts'
import { procedureOf } from '../../tasks/procedures.ts'
import { type ReplyScorer, scorerFor } from '../../tasks/score-with.ts'
import type { AgentContext } from '../kit/agent.ts'
import { cachedJson, memo } from '../kit/cache.ts'
import { openContaminationIndex } from '../kit/dedup/contamination.ts'
import { OtherKeyError } from '../kit/dedup/index-format.ts'
import { openRounds } from '../kit/rounds.ts'
import type { CheckedShard } from './admission.ts'
import { type BatchPayload, type CheckDeps, openStudentLength } from './row-checks.ts'
import { checkBatch } from './rules/graph.ts'

/** What a variant of the critic is: it checks a batch, stores its rows with what was found, and says what all of it cost. */
export type Checker = (
  batch: BatchPayload,
  context: { round: Round; runId: string; signal: AbortSignal },
) => Promise<{ checked: ObjectRef; spent: Spent }>

/** What both variants check a round with. */
export type RoundContext = CheckDeps & { task: PublicTask; score: ReplyScorer }

/**
 * Reads what a round is checked with; what rounds share is read once.
 * @throws TerminalError without the index's key; UnfitError, of a round, with another one
 */
export function openRoundContexts({
  bus,
  contaminationKey: key,
}: AgentContext): (round: Round) => Promise<RoundContext> {
  if (!key) throw new TerminalError('a critic needs the key of the contamination index')
  const taskOf = cachedJson(bus, PublicTask)
  const { programOf } = openRounds(bus)
  const indexOf = memo(
    async ({ ref, share }: { ref: ObjectRef; share: number }) => openIndex(await bus.objects.get(ref), key, share),
    ({ ref, share }) => `${ref.sha256} ${share}`,
  )
  const studentLength = openStudentLength(bus)
  return async (round) => {
    const task = await taskOf(round.publicTask)
    const program = await programOf(round.program)
    const { screen } = await indexOf({ ref: round.contamination, share: program.filters.contaminationShare })
    const score = scorerFor(task.scorer)
    return {
      task,
      program,
      score,
      isBidirectional: task.rows.bidirectional ?? false,
      fitsStudent: await studentLength(round.tokenLimit),
      contamination: (row) => screen({ text: row.input, coreKey: row.origin.coreKey }),
      solve: (await procedureOf(task))?.solveCore ?? null,
      isCorrect: async (reply, answer) => (await score(reply, answer)).strict,
    }
  }
}

const keyFix =
  'Critics and evaluators share one key: start each with the SYLLABUS_CONTAMINATION_KEY of the session (contamination.key in its home).'

function openIndex(bytes: Uint8Array, key: Uint8Array, share: number) {
  try {
    return openContaminationIndex(bytes, key, { share })
  } catch (error) {
    throw error instanceof OtherKeyError ? new UnfitError(error.message, keyFix, { cause: error }) : error
  }
}

/** Equal shards are one object. */
export const storeShard = (bus: Bus, runId: string, shard: CheckedShard): Promise<ObjectRef> =>
  bus.objects.put('LAB', `${runId}/checked`, Buffer.from(canonicalJson(shard)))

/** What is found of a shard that the rules have checked. `key`: of the task, where it is the same for many shards. */
type Further = (
  shard: CheckedShard,
  roundContext: RoundContext,
  key: string,
  run: { runId: string; signal: AbortSignal },
) => Promise<CheckedShard>

/** The variant `rules`: it asks no model. */
export const openRules = (context: AgentContext): Checker => openRulesThen(context, async (shard) => shard)

/** The rules, and then what `further` finds of the rows that they let through. */
export function openRulesThen(context: AgentContext, further: Further): Checker {
  const roundContextOf = openRoundContexts(context)
  return async (batch, { round, runId, signal }) => {
    const roundContext = await roundContextOf(round)
    if (checkCallsOf(roundContext.program) > 0)
      throw new TerminalError('the program wants a vote or a judge: use the critic variant rules-and-judge')
    const ruled = await checkBatch(batch, roundContext, signal)
    const shard = await further(ruled, roundContext, round.publicTask.sha256, { runId, signal })
    return { checked: await storeShard(context.bus, runId, shard), spent: batch.spent }
  }
}
