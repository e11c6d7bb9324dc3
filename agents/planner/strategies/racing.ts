import type { SearchSettings } from '../../../schemas/search.ts'

/** Right answers on validation by training seed, the search's first, each of the same number of items. */
export type SeedCounts = { correct: readonly number[]; total: number }

/** What a comparison of an attempt with the best one says. */
export type RaceResult = {
  /** How much more it has right, as a share, over the seeds that both have. */
  lead: number
  /** By how much it had to lead. */
  needed: number
  holds: boolean
}

/**
 * Of two adapters' answers to the same items, the share of the noise of one by itself that does not cancel; measured in `npm run
 * simulate`.
 */
const apart = 0.55
/** Pairs of trainings that the deviation of seeds named in the settings counts as. */
const priorPairs = 3

/** The settings of races, and what trainings of the same dataset differed by in this search: squared differences of two shares. */
export type Rules = { racing: SearchSettings['racing']; pairs?: readonly number[] }

/**
 * Whether a better attempt holds against the best one. With the same items and `m` seeds of both, the standard error of the lead is
 *
 *     sqrt(2 x v / m),   v = the variance of one training's share right: seeds^2 + apart x p(1 - p) / items
 *
 * What seeds make is guessed first and then taken from the pairs, so that a task whose seeds matter more needs a larger lead.
 */
export function race(own: SeedCounts, best: SeedCounts, rules: Rules): RaceResult {
  const count = Math.min(own.correct.length, best.correct.length)
  const lead = leadOver(own, best, count)
  const needed = neededOver(own, best, count, rules)
  return { lead, needed, holds: lead > 0 && lead >= needed }
}

/**
 * Whether an attempt is trained with further seeds to be raced: with the search's own seed it leads by what it has to lead by over all
 * of them. One that leads by less would have to do better with the next seed than with the one by which it leads.
 */
export function isWorthRacing(own: SeedCounts, best: SeedCounts, rules: Rules): boolean {
  return leadOver(own, best, 1) >= neededOver(own, best, rules.racing.seeds, rules)
}

const shareOf = ({ correct, total }: SeedCounts, count: number): number =>
  correct.slice(0, count).reduce((sum, each) => sum + each / total, 0) / count

const leadOver = (own: SeedCounts, best: SeedCounts, count: number): number =>
  shareOf(own, count) - shareOf(best, count)

function neededOver(own: SeedCounts, best: SeedCounts, count: number, { racing, pairs = [] }: Rules): number {
  const { total } = own
  const middle = (shareOf(own, 1) + shareOf(best, 1)) / 2
  const share = Math.min(1 - 1 / total, Math.max(1 / total, middle))
  const items = (apart * share * (1 - share)) / total
  // A pair differs by twice the variance of one.
  const seen = pairs.reduce((sum, each) => sum + each / 2, 0)
  const guessed = racing.deviation ** 2 + items
  const variance = Math.max(items, (priorPairs * guessed + seen) / (priorPairs + pairs.length))
  return racing.lead * Math.sqrt((2 * variance) / count)
}
