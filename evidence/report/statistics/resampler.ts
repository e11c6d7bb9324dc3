import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { quantileSorted } from 'simple-statistics'
import { confidence, type Interval } from './interval.ts'

/** How a bootstrap is drawn. Every comparison starts its generator from the same seed, so each can be repeated alone. */
export type Resampling = { resamples: number; seed: number }

/** Fewer resamples than this leave the ends of a 95 % interval visibly to chance. */
export const minResamples = 10_000

/**
 * The percentile interval of a statistic over resampled items: Efron, B. and Tibshirani, R. (1993), An Introduction to the
 * Bootstrap, chapter 13. `draw` returns the statistic of one resample, with `pick(n)` an index below n.
 */
export function percentileInterval(draw: (pick: (n: number) => number) => number, how: Resampling): Interval {
  if (how.resamples < minResamples) throw new RangeError(`${how.resamples} resamples are fewer than ${minResamples}`)
  const random = xoroshiro128plus(how.seed)
  const pick = (n: number) => uniformInt(random, 0, n - 1)
  const values = Float64Array.from({ length: how.resamples }, () => draw(pick)).sort()
  const tail = (1 - confidence) / 2
  const sorted = values as unknown as number[]
  return { low: quantileSorted(sorted, tail), high: quantileSorted(sorted, 1 - tail) }
}
