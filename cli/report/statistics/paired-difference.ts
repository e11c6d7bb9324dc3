import { z } from 'zod'
import { Interval } from './interval.ts'
import { percentileInterval, type Resampling } from './resampler.ts'

/** The share right of one candidate minus another's over the same items. Null where there is no item in common. */
export const PairedDifference = z.object({
  items: z.number().int().nonnegative(),
  value: z.number().nullable(),
  interval: Interval.nullable(),
  /** Items that only the first got right, and only the second. */
  gained: z.number().int().nonnegative(),
  lost: z.number().int().nonnegative(),
})
export type PairedDifference = z.infer<typeof PairedDifference>

/**
 * Paired bootstrap over items: `pairs` are (first right, second right) of one item each; whole items are resampled, so what the two
 * share is kept. The estimate is mean(first) - mean(second).
 */
export function pairedDifference(
  pairs: readonly (readonly [boolean, boolean])[],
  resampling: Resampling,
): PairedDifference {
  const items = pairs.length
  if (items === 0) return { items, value: null, interval: null, gained: 0, lost: 0 }
  const differences = Int8Array.from(pairs, ([first, second]) => Number(first) - Number(second))
  const gained = differences.filter((difference) => difference > 0).length
  const lost = differences.filter((difference) => difference < 0).length
  const interval = percentileInterval((pick) => {
    let sum = 0
    for (let drawn = 0; drawn < items; drawn++) sum += differences[pick(items)]!
    return sum / items
  }, resampling)
  return { items, value: (gained - lost) / items, interval, gained, lost }
}
