import { z } from 'zod'
import { Interval } from './interval.ts'
import { percentileInterval, type Resampling } from './resampler.ts'

/** The share right on one paper minus the share right on another one, whose items differ. Null where they have no stratum in common; without an interval where no draw differs. */
export const UnpairedDifference = z.object({
  /** Items of the first and of the second paper in the common strata. */
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
 * Unpaired stratified bootstrap: each paper's groups are resampled apart, within each stratum. The estimate is the mean over the common
 * strata of share(first) - share(second), weighted by the second paper's items; with equal composition that is the plain
 * difference of the two shares. Direct standardisation: Fleiss, Levin and Paik (2003), Statistical Methods for Rates and
 * Proportions, chapter 19; resampling each sample apart: Efron and Tibshirani (1993), chapter 8.
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
