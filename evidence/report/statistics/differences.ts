/**
 * Differences of two shares right, first minus second: of two arms on the same items, of two counts on the same or on different items, and
 * whether a difference is a loss. That of two evaluation sets with strata is in `resampling.ts`.
 *
 * Example: of 60 items two models get 40 both, 12 only the first, 4 only the second, 4 neither. The difference is
 * (12 - 4) / 60 = 0.133, and `newcombePaired` gives 0.000 to 0.264.
 */
import { around, differencesOfShares, type Interval, wilson } from './intervals.ts'
import { type Grouped, margin, perSeed, twoWay } from './two-way.ts'

/** The accuracy of one arm minus another's on the same items, each averaged over its adapters. */
export type Difference = {
  value: number
  interval: Interval | null
  /** By group, averaged over seeds and summed over the group's items: what a sign-flip test flips. */
  byGroup: number[]
}

/**
 * The difference expected over training seeds and over items like these: paired on groups of items, unpaired on seeds. As `armMean`,
 * on the plain scale, where Student's t holds although most items tell nothing apart: long tails on both sides make it too wide rather
 * than too narrow (Efron 1969, JASA 64, 1278-1302). Where all groups tell the same, Newcombe's over groups.
 */
export function armDifference(first: Grouped, second: Grouped): Difference {
  const [one, two] = [twoWay(first), twoWay(second)]
  const value = one.share - two.share
  const { groups } = one
  const byGroup = Array.from({ length: groups }, (_, group) => perSeed(first, group) - perSeed(second, group))
  if (groups < 2) return { value, interval: null, byGroup }
  let squares = 0
  for (let group = 0; group < groups; group++)
    squares += (one.groupValues[group]! - two.groupValues[group]! - value) ** 2
  const variance = squares / ((groups - 1) * groups)
  const { standardError, critical } = margin({ variance, degreesOfFreedom: groups - 1 }, [one, two])
  const reach = critical * standardError
  if (reach === 0) return { value, interval: newcombePaired(alike(one.share, two.share, groups)), byGroup }
  return { value, interval: around(value, reach, differencesOfShares), byGroup }
}

/** As many pairs as groups, which differ as two shares do. */
function alike(first: number, second: number, groups: number): Pairs {
  const [one, two] = [Math.round(first * groups), Math.round(second * groups)]
  const both = Math.min(one, two)
  return { both, gained: one - both, lost: two - both, neither: groups - Math.max(one, two) }
}

/** Right answers, and items asked. */
export type Count = { correct: number; total: number }

/** Items by what two student models made of them: `gained` only the first got right, `lost` only the second. */
export type Pairs = { both: number; gained: number; lost: number; neither: number }

/**
 * Interval of the difference of two shares of different items, first minus second; null where one has none. Newcombe, R. G. (1998),
 * Interval estimation for the difference between independent proportions, Statistics in Medicine 17, 873-890, method 10.
 */
export const newcombe = (first: Count, second: Count): Interval | null => squareAndAdd(first, second, 0)

/**
 * Interval of the difference of two shares right of the same items, first minus second; null where there are none. Newcombe, R. G.
 * (1998), Improved confidence intervals for the difference between binomial proportions based on paired data, Statistics in
 * Medicine 17, 2635-2650, method 10.
 */
export function newcombePaired({ both, gained, lost, neither }: Pairs): Interval | null {
  const total = both + gained + lost + neither
  const [first, second] = [both + gained, both + lost]
  const margins = first * (total - first) * second * (total - second)
  const cross = both * neither - gained * lost
  const corrected = cross > 0 ? Math.max(cross - total / 2, 0) : cross
  const correlation = margins === 0 ? 0 : corrected / Math.sqrt(margins)
  return squareAndAdd({ correct: first, total }, { correct: second, total }, correlation)
}

function squareAndAdd(first: Count, second: Count, correlation: number): Interval | null {
  const [one, two] = [wilson(first.correct, first.total), wilson(second.correct, second.total)]
  if (!one || !two) return null
  const [p, q] = [first.correct / first.total, second.correct / second.total]
  const reach = (a: number, b: number) => Math.sqrt(Math.max(0, a * a - 2 * correlation * a * b + b * b))
  return { low: p - q - reach(p - one.low, two.high - q), high: p - q + reach(one.high - p, q - two.low) }
}

/** A loss of this share, 5 points, is the most that is called no loss. */
export const retentionMargin = 0.05

export type Retention = 'kept' | 'lost' | 'inconclusive'

/**
 * Whether an ability was kept, from the interval of its difference, after minus before: `kept` where the interval excludes a loss of
 * the margin or more, `lost` where it excludes anything better than such a loss. The two-sided 95 % interval makes each a one-sided
 * test at 2.5 %: ICH E9 (1998), section 3.3.2; Piaggio et al. (2012), JAMA 308, 2594-2604.
 */
export function retentionResult(difference: Interval | null, margin: number = retentionMargin): Retention {
  if (!difference) return 'inconclusive'
  if (difference.low > -margin) return 'kept'
  return difference.high < -margin ? 'lost' : 'inconclusive'
}
