/**
 * The bootstrap, and what it is used for: the difference of two evaluation sets of different items, audit minus test, stratum by stratum.
 *
 * Example: the first set has 30 of 40 right in stratum a and 5 of 10 in b; the second 30 of 50 in a and 25 of 50 in b. The difference is
 * (50 (0.75 - 0.6) + 50 (0.5 - 0.5)) / 100 = 0.075, not 35 / 50 - 55 / 100 = 0.15: the second set has more of the harder stratum.
 */
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { quantileSorted } from 'simple-statistics'
import { z } from 'zod'
import { confidence, Interval } from './intervals.ts'

/** How a bootstrap is drawn. Every comparison starts its generator from the same seed, so each can be repeated alone. */
export type Resampling = { resamples: number; seed: number }

/** Fewer resamples than this leave the ends of a 95 % interval visibly to chance. */
export const minResamples = 10_000

/**
 * The percentile interval of a statistic over resampled items: Efron, B. and Tibshirani, R. (1993), An Introduction to the
 * Bootstrap, chapter 13. `draw` returns the statistic of one resample, with `pick(n)` an index below n.
 *
 * @throws RangeError where there are fewer resamples than `minResamples`.
 */
function percentileInterval(draw: (pick: (n: number) => number) => number, how: Resampling): Interval {
  if (how.resamples < minResamples) throw new RangeError(`${how.resamples} resamples are fewer than ${minResamples}`)
  const random = xoroshiro128plus(how.seed)
  const pick = (n: number) => uniformInt(random, 0, n - 1)
  const values = Float64Array.from({ length: how.resamples }, () => draw(pick)).sort()
  const tail = (1 - confidence) / 2
  const sorted = values as unknown as number[]
  return { low: quantileSorted(sorted, tail), high: quantileSorted(sorted, 1 - tail) }
}

/**
 * The share right on one evaluation set minus that on another one, whose items differ. Null where they have no stratum in common;
 * without an interval where no draw differs.
 */
export const UnpairedDifference = z.object({
  /** Items of the first and of the second set in the common strata. */
  items: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
  strata: z.array(z.string()),
  value: z.number().nullable(),
  interval: Interval.nullable(),
})
export type UnpairedDifference = z.infer<typeof UnpairedDifference>

/** Right answers by group of items, averaged over an arm's adapters: `right[group]` of `sizes[group]`. */
export type Stratum = { sizes: readonly number[]; right: readonly number[] }
export type Strata = Readonly<Record<string, Stratum>>

/**
 * Unpaired stratified bootstrap: each set's groups are resampled apart, within each stratum. The estimate is the mean over the common
 * strata of share(first) - share(second), weighted by the second set's items; with equal composition that is the plain
 * difference of the two shares:
 *
 *     sum(items of stratum s in the second x (share of s in the first - share of s in the second)) / sum(items of s in the second)
 *
 * Direct standardisation: Fleiss, Levin and Paik (2003), Statistical Methods for Rates and
 * Proportions, chapter 19; resampling each sample apart: Efron and Tibshirani (1993), chapter 8.
 *
 * @throws RangeError where there are fewer resamples than `minResamples`.
 */
export function stratifiedDifference(first: Strata, second: Strata, resampling: Resampling): UnpairedDifference {
  const isThere = (stratum: Stratum | undefined) => stratum !== undefined && stratum.sizes.length > 0
  const strata = Object.keys(second).filter((name) => isThere(first[name]) && isThere(second[name]))
  const [left, right] = [first, second].map((evalSet) => strata.map((name) => typed(evalSet[name]!))) as [
    Typed[],
    Typed[],
  ]
  const count = (evalSet: readonly Typed[]) => evalSet.reduce((sum, { items }) => sum + items, 0)
  const items: [number, number] = [count(left), count(right)]
  if (strata.length === 0) return { items, strata, value: null, interval: null }
  const combine = (share: (stratum: Typed) => number) =>
    right.reduce((sum, stratum, index) => sum + stratum.items * (share(left[index]!) - share(stratum)), 0) / items[1]
  const interval = percentileInterval(
    (pick) =>
      combine(({ sizes, right }) => {
        let [drawnItems, drawnRight] = [0, 0]
        for (let drawn = 0; drawn < sizes.length; drawn++) {
          const group = pick(sizes.length)
          drawnItems += sizes[group]!
          drawnRight += right[group]!
        }
        return drawnRight / drawnItems
      }),
    resampling,
  )
  // Where no draw differs from another, as where nothing is right, the bootstrap knows nothing of the spread.
  const known = interval && interval.high > interval.low ? interval : null
  return { items, strata, value: combine(({ right, items }) => sumOf(right) / items), interval: known }
}

/** Arrays of numbers alone: a bootstrap reads them some million times. */
type Typed = { sizes: Float64Array; right: Float64Array; items: number }

const typed = ({ sizes, right }: Stratum): Typed => ({
  sizes: Float64Array.from(sizes),
  right: Float64Array.from(right),
  items: sumOf(sizes),
})

const sumOf = (values: readonly number[] | Float64Array): number => {
  let sum = 0
  for (const value of values) sum += value
  return sum
}
