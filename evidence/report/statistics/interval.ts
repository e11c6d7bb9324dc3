import { z } from 'zod'

/** A closed interval; shares and differences of shares are fractions, 0.5 for 50 %. */
export const Interval = z.object({ low: z.number(), high: z.number() })
export type Interval = z.infer<typeof Interval>

/** What a share, and a difference of shares, can be. */
export const [shares, differencesOfShares]: [Interval, Interval] = [
  { low: 0, high: 1 },
  { low: -1, high: 1 },
]

/** So far to either side of a value, cut to what there can be. */
export const around = (value: number, reach: number, { low, high }: Interval): Interval => ({
  low: Math.max(low, value - reach),
  high: Math.min(high, value + reach),
})

/** The confidence of every interval in a report. */
export const confidence = 0.95
