import { mean, sampleStandardDeviation } from 'simple-statistics'
import type { Interval } from './interval.ts'
import { studentCritical } from './quantile.ts'

/** Values of independent runs: the run is the unit. */
export type OverRuns = { runs: number; values: number[]; mean: number; sd: number | null; interval: Interval | null }

/** What a share, and a difference of shares, can be. */
export const [shares, differencesOfShares]: [Interval, Interval] = [
  { low: 0, high: 1 },
  { low: -1, high: 1 },
]

/**
 * Mean, deviation and interval of independent runs, cut to what there can be: Student's t (1908, Biometrika 6, 1-25). Null where there is
 * no run. One run has no interval, and nor have runs that agree to the item: by how much runs deviate they do not tell.
 */
export function overRuns(values: readonly number[], { low, high }: Interval): OverRuns | null {
  if (values.length === 0) return null
  const known = { runs: values.length, values: [...values], mean: mean([...values]) }
  if (known.runs === 1) return { ...known, sd: null, interval: null }
  const sd = sampleStandardDeviation(known.values)
  const half = (studentCritical(known.runs - 1) * sd) / Math.sqrt(known.runs)
  if (sd === 0) return { ...known, sd, interval: null }
  return { ...known, sd, interval: { low: Math.max(low, known.mean - half), high: Math.min(high, known.mean + half) } }
}
