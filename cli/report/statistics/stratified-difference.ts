import { z } from 'zod'
import { Interval } from './interval.ts'
import { percentileInterval, type Resampling } from './resampler.ts'

/** The share right on one paper minus the share right on another one, whose items differ. Null where they have no stratum in common. */
export const UnpairedDifference = z.object({
  /** Items of the first and of the second paper in the common strata. */
  items: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
  strata: z.array(z.string()),
  value: z.number().nullable(),
  interval: Interval.nullable(),
})
export type UnpairedDifference = z.infer<typeof UnpairedDifference>

export type Strata = Readonly<Record<string, readonly boolean[]>>

/**
 * Unpaired stratified bootstrap: each paper's items are resampled apart, within each stratum. The estimate is the mean over the common
 * strata of share(first) - share(second), weighted by the second paper's items; with equal composition that is the plain
 * difference of the two shares. Direct standardisation: Fleiss, Levin and Paik (2003), Statistical Methods for Rates and
 * Proportions, chapter 19; resampling each sample apart: Efron and Tibshirani (1993), chapter 8.
 */
export function stratifiedDifference(first: Strata, second: Strata, resampling: Resampling): UnpairedDifference {
  const strata = Object.keys(second).filter((name) => second[name]!.length > 0 && (first[name]?.length ?? 0) > 0)
  const bits = (paper: Strata) => strata.map((name) => Uint8Array.from(paper[name]!, Number))
  const [left, right] = [bits(first), bits(second)]
  const count = (paper: Uint8Array[]) => paper.reduce((sum, stratum) => sum + stratum.length, 0)
  const items: [number, number] = [count(left), count(right)]
  if (strata.length === 0) return { items, strata, value: null, interval: null }
  const combine = (share: (stratum: Uint8Array) => number) =>
    right.reduce((sum, stratum, index) => sum + stratum.length * (share(left[index]!) - share(stratum)), 0) / items[1]
  const interval = percentileInterval(
    (pick) =>
      combine((stratum) => {
        let right = 0
        for (let drawn = 0; drawn < stratum.length; drawn++) right += stratum[pick(stratum.length)]!
        return right / stratum.length
      }),
    resampling,
  )
  const value = combine((stratum) => stratum.reduce((sum, bit) => sum + bit, 0) / stratum.length)
  return { items, strata, value, interval }
}
