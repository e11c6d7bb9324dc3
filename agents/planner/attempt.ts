import { hashOf } from '../../schemas/hash.ts'
import type { Program } from '../../schemas/program.ts'
import type { Row } from '../../schemas/row.ts'
import type { Operation } from '../../schemas/run.ts'
import { outgoing } from './outgoing.ts'
import { nextRound } from './rounds.ts'
import type { Attempt, Outgoing, PlannerState } from './state.ts'
import type { Store } from './store.ts'

/** A new attempt with its carried-over rows in place, before its first round. */
export async function openAttempt(
  state: PlannerState,
  plan: { attempt: number; operation: Operation; diagnosis: string; program: Program },
  store: Store,
): Promise<Attempt> {
  const carried = await carriedRows(state, plan.program, store)
  return {
    ...plan,
    programHash: hashOf(plan.program),
    programObject: await store.putProgram(plan.program),
    round: 0,
    asked: {},
    bySource: {},
    carried: carried.length,
    rows: carried.length,
    dataset: carried.length > 0 ? await store.putRows(carried) : null,
    datasetHash: null,
    outcome: 'generating',
    candidate: null,
    validation: null,
    badCases: [],
    error: null,
  }
}

async function carriedRows(state: PlannerState, program: Program, store: Store): Promise<Row[]> {
  const { carryOver } = program
  const from = state.attempts.find((each) => each.attempt === carryOver?.attempt)
  if (!carryOver || !from?.dataset) return []
  const left = new Map(Object.entries(carryOver.rows))
  return (await store.getRows(from.dataset)).filter((row) => {
    const count = left.get(row.skill) ?? 0
    left.set(row.skill, count - 1)
    return count > 0
  })
}

/** Opens the attempt's next round; no messages when the dataset is full or nothing more may be asked. */
export function planRound(state: PlannerState, attempt: Attempt): { attempt: Attempt; messages: Outgoing[] } {
  const { config } = state
  const asks = nextRound(attempt, config)
  if (asks.length === 0) return { attempt, messages: [] }
  const pieces = asks.flatMap(({ source, from, count }) =>
    Array.from({ length: Math.ceil(count / config.limits.shardSize) }, (_, index) => {
      const start = from + index * config.limits.shardSize
      return { source, from: start, count: Math.min(config.limits.shardSize, from + count - start) }
    }),
  )
  const round = {
    attempt: attempt.attempt,
    round: attempt.round + 1,
    shards: pieces.length,
    target: attempt.carried + attempt.program.sources.reduce((sum, source) => sum + source.rows, 0),
    quotas: Object.fromEntries(asks.map(({ source, quota }) => [source, quota])),
    program: attempt.programObject!,
    programHash: attempt.programHash,
    admitted: attempt.dataset,
    contamination: state.contamination!,
    publicTask: config.publicTask,
    variants: config.variants,
  }
  const messages = pieces.map((piece, shard) =>
    outgoing.shard(config, {
      round,
      shard,
      source: attempt.program.sources.find((source) => source.id === piece.source)!,
      from: piece.from,
      count: piece.count,
      seed: String(config.seed),
    }),
  )
  const asked = { ...attempt.asked }
  for (const { source, from, count } of asks) asked[source] = from + count
  return { attempt: { ...attempt, round: round.round, asked }, messages }
}
