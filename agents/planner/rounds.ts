import type { Yield } from '../../schemas/row.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { Attempt } from './state.ts'

/** Asked of one source in the next round. */
export type Ask = { source: string; from: number; count: number; quota: number }

/** Yield expected of a source before anything is measured, and the weight (in candidates) of that guess. */
const priorYield = 0.95
const priorWeight = 10
/** A source that yields less than this is asked as if it yielded this. */
const worstYield = 0.05

function expectedYield(measured: Yield | undefined): number {
  const admitted = measured?.admitted ?? 0
  // A surplus row was good: it says nothing about the yield.
  const judged = (measured?.asked ?? 0) - (measured?.rejected.surplus ?? 0)
  return Math.max(worstYield, (admitted + priorYield * priorWeight) / (judged + priorWeight))
}

/**
 * What the next round asks of each source: its deficit divided by its measured yield, within the attempt's candidate cap. A pure
 * function of the closed rounds, so that any number of workers, and any crash, arrives at the same candidates.
 * Empty when the dataset is full or nothing more may be asked.
 */
export function nextRound(attempt: Attempt, config: RunConfig): Ask[] {
  if (attempt.round >= config.limits.maxRounds) return []
  const askedSoFar = Object.values(attempt.asked).reduce((a, b) => a + b, 0)
  const { candidateCap, roundCandidates } = config.limits
  let allowance = Math.min(Math.floor(candidateCap * config.rows) - askedSoFar, roundCandidates ?? Infinity)
  const asks: Ask[] = []
  for (const source of attempt.program?.sources ?? []) {
    const quota = source.rows - (attempt.bySource[source.id]?.admitted ?? 0)
    if (quota <= 0) continue
    const count = Math.min(Math.ceil(quota / expectedYield(attempt.bySource[source.id])), allowance)
    if (count <= 0) continue
    allowance -= count
    asks.push({ source: source.id, from: attempt.asked[source.id] ?? 0, count, quota })
  }
  return asks
}

/** Adds a round's yield to what the attempt has. */
export function addYield(before: Yield | undefined, round: Yield): Yield {
  if (!before) return round
  const rejected = { ...before.rejected }
  for (const [reason, count] of Object.entries(round.rejected) as [keyof typeof rejected, number][]) {
    rejected[reason] = (rejected[reason] ?? 0) + count
  }
  return {
    asked: before.asked + round.asked,
    generated: before.generated + round.generated,
    admitted: before.admitted + round.admitted,
    rejected,
  }
}
