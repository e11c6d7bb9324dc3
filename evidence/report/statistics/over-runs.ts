/**
 * Statistics over independent runs: the run is the unit, and groups of items beside it where items are drawn as well.
 *
 * Example: three runs gain 0.02, 0.04 and 0.09. Their mean is 0.05 and their standard deviation 0.036; Student's t of 2 degrees of freedom
 * is 4.303, so the interval is 0.05 ± 4.303 x 0.036 / sqrt(3), -0.04 to 0.14, and the p of no gain is 0.14.
 */
import { mean, sampleStandardDeviation } from 'simple-statistics'
import { around, differencesOfShares, type Interval, studentCritical, studentTail } from './intervals.ts'
import { type Grouped, margin, perSeed, twoWay } from './two-way.ts'

/** Values of independent runs: the run is the unit. */
export type OverRuns = { runs: number; values: number[]; mean: number; sd: number | null; interval: Interval | null }

/**
 * Mean, deviation and interval of independent runs, cut to what there can be: Student's t (1908, Biometrika 6, 1-25). Null where there is
 * no run. One run has no interval, and nor have runs that agree to the item: by how much runs deviate they do not tell.
 */
export function overRuns(values: readonly number[], range: Interval): OverRuns | null {
  if (values.length === 0) return null
  const known = { runs: values.length, values: [...values], mean: mean([...values]) }
  if (known.runs === 1) return { ...known, sd: null, interval: null }
  const sd = sampleStandardDeviation(known.values)
  const half = (studentCritical(known.runs - 1) * sd) / Math.sqrt(known.runs)
  if (sd === 0) return { ...known, sd, interval: null }
  return { ...known, sd, interval: around(known.mean, half, range) }
}

/** Two-sided p of a mean of zero, by the same t; 0 where the runs agree to the item, and 1 of a single one. */
export function pOverRuns({ runs, mean: value, sd }: Pick<OverRuns, 'runs' | 'mean' | 'sd'>): number {
  if (sd === null || runs < 2) return 1
  if (sd === 0) return value === 0 ? 1 : 0
  return studentTail((Math.abs(value) * Math.sqrt(runs)) / sd, runs - 1)
}

/**
 * Interval of the difference of two arms over runs and over items like these: groups of items crossed with runs, both drawn (`twoWay`),
 * paired on either; training seeds are averaged within their run. `pairs[run]`: one arm's answers and the other's, all on the same
 * groups. Null with fewer than two runs or groups, or where nothing differs.
 */
export function overRunsAndItems(pairs: readonly (readonly [Grouped, Grouped])[]): Interval | null {
  const sizes = pairs[0]?.[0].sizes ?? []
  if (pairs.length < 2 || sizes.length < 2) return null
  const groups = Array.from(sizes, (_, group) => group)
  const differences = pairs.map(([one, other]) => groups.map((group) => perSeed(one, group) - perSeed(other, group)))
  const table = twoWay({ sizes, right: differences })
  const variance = table.betweenGroups / (groups.length * pairs.length)
  const { standardError, critical } = margin({ variance, degreesOfFreedom: groups.length - 1 }, [table])
  const half = critical * standardError
  return half === 0 ? null : around(table.share, half, differencesOfShares)
}
