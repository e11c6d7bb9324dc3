import type { ObjectRef } from '../../../schemas/ids.ts'
import { type Round, shardKey } from '../../../schemas/messages/generation.ts'
import { checkCallsOf, type Program } from '../../../schemas/program.ts'
import { Row } from '../../../schemas/row.ts'
import { spentTogether } from '../../../schemas/spent.ts'
import type { AgentContext } from '../../kit/agent.ts'
import { memo } from '../../kit/cache.ts'
import { createDuplicateIndex } from '../../kit/dedup/duplicate-index.ts'
import type { Call } from '../../kit/metered/call.ts'
import { meteredOptions, openMeteredWork } from '../../kit/metered/work.ts'
import { type Checker, openRoundContexts, type RoundContext, storeShard } from '../checker.ts'
import { StoredShard } from '../round-record.ts'
import type { BatchPayload } from '../row-checks.ts'
import { checkAndJudge, type MeteredChecks } from './graph.ts'
import { defaultRubric } from './judge.ts'
import { createJudgeProbation } from './judge-score.ts'
import { JudgeOptions } from './options.ts'

/** The variant `rules-and-judge`: each batch whose program asks for a model is one piece of paid work. */
export async function openRulesAndJudge(context: AgentContext): Promise<Checker> {
  const { bus } = context
  const options = meteredOptions(context, JudgeOptions)
  const roundContextOf = openRoundContexts(context)
  const probation = createJudgeProbation(options)
  const buckets = { role: 'critic', records: 'checks', journal: 'check-journal' } as const
  const spentOn = async (checked: ObjectRef) => (await bus.objects.getJson(checked, StoredShard)).spent
  const metered = await openMeteredWork(context, buckets, options, spentOn)
  const admittedIn = memo(
    async ({ ref, jaccard }: { ref: ObjectRef | null; jaccard: number }) => {
      const index = createDuplicateIndex({ jaccard })
      for await (const { id, input } of ref ? bus.objects.lines(ref, Row) : []) index.add(id, input)
      return index
    },
    ({ ref, jaccard }) => `${ref?.sha256} ${jaccard}`,
    2,
  )

  async function meteredChecks(
    { source }: BatchPayload,
    round: Round,
    roundContext: RoundContext,
    call: Call,
  ): Promise<MeteredChecks> {
    const { program, task } = roundContext
    const jaccard = program.filters.nearDuplicateJaccard
    return {
      call,
      rubric: program.rubric ?? task.rubric ?? defaultRubric,
      admitted: await admittedIn({ ref: round.admitted, jaccard }),
      maxTokens: longestReply(program, source) ?? options.solutionTokens,
      limits: options,
      probation,
      ...answersOf(roundContext),
    }
  }

  return async (batch, { round, runId, signal }) => {
    const { shard, checkCalls = 0 } = batch
    const roundContext = await roundContextOf(round)
    if (checkCallsOf(roundContext.program) === 0) {
      const free = await checkAndJudge(batch, { ...roundContext, metered: null }, signal)
      return { checked: await storeShard(bus, runId, free), spent: batch.spent }
    }
    const { stored, value } = await metered({
      key: shardKey(runId, round, shard),
      runId,
      maxCalls: checkCalls,
      signal,
      async make(call, spent) {
        const deps = { ...roundContext, metered: await meteredChecks(batch, round, roundContext, call) }
        const judged = await checkAndJudge(batch, deps, signal)
        const value = spent()
        return { stored: await storeShard(bus, runId, { ...judged, spent: value }), value }
      },
    })
    return { checked: stored, spent: spentTogether([batch.spent, value]) }
  }
}

function longestReply({ sources }: Program, id: string): number | null {
  const source = sources.find((each) => each.id === id)
  return source?.kind === 'prompt' ? source.sampling.maxTokens : null
}

/** How rows and solutions are compared by the task's scorer. A reply that it cannot read has no answer and agrees with none. */
function answersOf({ task, score }: RoundContext): Pick<MeteredChecks, 'answerOf' | 'agrees'> {
  const questionOf = ({ id, skill, instruction, input }: Row) =>
    ({ id, part: 'in-template', skill, instruction, input }) as const
  // Only what the reply ends in is wanted, so any answer that the scorer can read will do.
  const anyAnswer = task.validation[0]?.answer ?? '0'
  return {
    answerOf: async (row) => (await score(row.output, anyAnswer, questionOf(row)).catch(() => null))?.extracted ?? null,
    agrees: async (solution, answer, row) =>
      (await score(solution, answer, questionOf(row)).catch(() => null))?.lenient ?? false,
  }
}
