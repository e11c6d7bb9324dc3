import { callsPerCandidate, type Program, rowsPerReply, type Source } from '../../schemas/program.ts'
import { notAsked, type Yield } from '../../schemas/row.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { rowsWithShare } from '../../schemas/search.ts'
import type { Attempt } from './state.ts'
import { isDry } from './trials.ts'

/** Asked of one source in the next round. */
export type Ask = { source: string; from: number; count: number; quota: number }

/** Yield expected of a source before anything is measured, and the weight (in candidates) of that guess. */
export const priorYield = 0.95
const priorWeight = 10
/** A source that yields less than this is asked as if it yielded this. */
const worstYield = 0.05

/** Indexes that were asked for in vain: the teacher was away, or no call was left. They say nothing of a source, and were no candidates. */
const unanswered = (measured: Yield | undefined): number =>
  (measured?.failed?.gone ?? 0) + (measured ? notAsked(measured) : 0)

/** Candidates that the closed rounds and the open one asked for, which the cap bounds. */
export const candidatesOf = ({ asked, bySource }: Pick<Attempt, 'asked' | 'bySource'>): number =>
  Object.entries(asked).reduce((sum, [source, count]) => sum + count - unanswered(bySource[source]), 0)

/** Rows admitted of one index; more than one where a program's `expand` makes several of a reply. */
function expectedYield(measured: Yield | undefined, perReply: number): number {
  const { asked, generated, admitted, rejected } = measured ?? { asked: 0, generated: 0, admitted: 0, rejected: {} }
  // A surplus row was good, and of one that was not checked or scored nothing is known: they say nothing about the yield.
  const unknown = (rejected.surplus ?? 0) + (rejected.unchecked ?? 0) + (rejected['judge-unread'] ?? 0)
  const silent = unknown * Math.min(1, asked / Math.max(1, generated))
  const judged = asked - silent - unanswered(measured)
  return Math.max(worstYield, (admitted + priorYield * perReply * priorWeight) / (judged + priorWeight))
}

/** Replies that one shard asks for: a batch is one message, so where a reply becomes several candidates, a shard asks for fewer. */
export const shardSizeOf = (source: Source, { limits }: RunConfig): number =>
  Math.max(1, Math.floor(limits.shardSize / rowsPerReply(source)))

/**
 * Shards of one round at most. Two values of at most 1 MiB hold all of them: the planner's state their messages (each under 1 kB, since
 * it names its round and its source) until they are sent, and the critic's record what each came to.
 */
export const maxShards = 500

/** Rounds of one attempt. What the cap on shards divides into more rounds does not count: each asks for as many candidates at least. */
export function roundsOf({ rows, limits: { maxRounds, candidateCap, maxShardsInFlight } }: RunConfig): number {
  if (maxShardsInFlight === null) return maxRounds
  return maxRounds + Math.ceil((candidateCap * rows) / Math.min(maxShardsInFlight, maxShards))
}

/**
 * What the next round asks of each source: its deficit divided by its measured yield, within the attempt's candidate cap, the run's
 * shards in flight (rounds do not overlap) and the calls left. A pure function of the closed rounds, so that any number of workers, and any
 * crash, arrives at the same candidates. Empty when the dataset is full or nothing more may be asked.
 */
export function nextRound(attempt: Attempt, config: RunConfig, callsLeft = Number.POSITIVE_INFINITY): Ask[] {
  const { program } = attempt
  if (!program || attempt.round >= roundsOf(config)) return []
  const { candidateCap, roundCandidates, maxShardsInFlight } = config.limits
  const allowance = Math.min(
    Math.floor(candidateCap * rowsWithShare(config, attempt.share).rows) - candidatesOf(attempt),
    roundCandidates ?? Infinity,
  )
  let shards = Math.min(maxShardsInFlight ?? Infinity, maxShards)
  const wants = program.sources.flatMap((source) => {
    const quota = source.rows - (attempt.bySource[source.id]?.admitted ?? 0)
    if (quota <= 0 || isDry(attempt, source.id)) return []
    const yields = expectedYield(attempt.bySource[source.id], rowsPerReply(source))
    return [{ source, quota, wanted: Math.ceil(quota / yields) }]
  })
  const shares = fairShares(wants, allowance)
  const asks: Ask[] = []
  for (const [index, { source, quota }] of wants.entries()) {
    const size = shardSizeOf(source, config)
    const count = Math.min(shares[index]!, shards * size, trialSize(attempt, source, config))
    if (count <= 0) continue
    shards -= Math.ceil(count / size)
    asks.push({ source: source.id, from: attempt.asked[source.id] ?? 0, count, quota })
  }
  return payable(asks, program, callsLeft)
}

/**
 * What each source is asked for of what all of them may ask: as much as it wants where there is enough, else in proportion to the rows that
 * it lacks, so that one of poor yield does not starve those behind it; what one does not want, the others share.
 */
function fairShares(wants: readonly { quota: number; wanted: number }[], allowance: number): number[] {
  const shares = wants.map(() => 0)
  let left = Math.max(0, allowance)
  let open = [...wants.keys()]
  while (open.length > 0) {
    const lacking = open.reduce((sum, index) => sum + wants[index]!.quota, 0)
    const fair = (index: number) => Math.floor((left * wants[index]!.quota) / lacking)
    const satisfied = open.filter((index) => wants[index]!.wanted <= fair(index))
    // Nobody is satisfied: each takes its share, and the first one what rounding left.
    const taking = satisfied.length > 0 ? satisfied : open
    const taken = taking.map((index) => Math.min(wants[index]!.wanted, fair(index)))
    for (const [at, index] of taking.entries()) shares[index] = taken[at]!
    left -= taken.reduce((sum, each) => sum + each, 0)
    if (satisfied.length === 0) {
      for (const index of open) {
        const more = Math.min(left, wants[index]!.wanted - shares[index]!)
        shares[index]! += more
        left -= more
      }
      break
    }
    open = open.filter((index) => !satisfied.includes(index))
  }
  return shares
}

/** How many rows a reply becomes is measured on one shard first. What breaks on every reply, the source's trial shows (`trials.ts`). */
function trialSize({ asked }: Attempt, source: Source, { limits, hooksAtOnce }: RunConfig): number {
  if (source.kind !== 'prompt' || !source.hooks || asked[source.id]) return Number.POSITIVE_INFINITY
  return source.hooks.expand || !hooksAtOnce ? limits.shardSize : Number.POSITIVE_INFINITY
}

/** Fewer candidates of every source alike where the calls left would not pay for all of them and their checks. */
function payable(asks: readonly Ask[], program: Program, callsLeft: number): Ask[] {
  const costOf = ({ source }: Ask) => callsPerCandidate(program.sources.find(({ id }) => id === source)!, program)
  const cost = asks.reduce((sum, ask) => sum + ask.count * costOf(ask), 0)
  if (cost <= Math.max(0, callsLeft)) return [...asks]
  const fewer = asks.map((ask) =>
    costOf(ask) > 0 ? { ...ask, count: Math.floor((ask.count * callsLeft) / cost) } : ask,
  )
  const some = fewer.filter(({ count }) => count > 0)
  if (some.length > 0) return some
  const cheapest = asks.toSorted((a, b) => costOf(a) - costOf(b))[0]!
  return costOf(cheapest) <= callsLeft ? [{ ...cheapest, count: 1 }] : []
}

type Yields = Readonly<Record<string, Yield>>

/** Adds a round's yield by source to what the attempt has. */
export function addYields(before: Yields, round: Yields): Record<string, Yield> {
  const bySource = { ...before }
  for (const [source, counts] of Object.entries(round)) bySource[source] = addYield(bySource[source], counts)
  return bySource
}

/** Adds a round's yield of one source to what the attempt has. */
export function addYield(before: Yield | undefined, round: Yield): Yield {
  if (!before) return round
  const failed = addCounts(before.failed ?? {}, round.failed ?? {})
  return {
    asked: before.asked + round.asked,
    generated: before.generated + round.generated,
    admitted: before.admitted + round.admitted,
    rejected: addCounts(before.rejected, round.rejected),
    ...(Object.keys(failed).length > 0 && { failed }),
  }
}

function addCounts<K extends string>(one: Partial<Record<K, number>>, other: Partial<Record<K, number>>) {
  const sum = { ...one }
  for (const [name, count] of Object.entries(other) as [K, number][]) sum[name] = (sum[name] ?? 0) + count
  return sum
}
