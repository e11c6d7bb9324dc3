import { z } from 'zod'

/** A closed interval; shares and differences of shares are fractions, 0.5 for 50 %. */
export const Interval = z.object({ low: z.number(), high: z.number() })
export type Interval = z.infer<typeof Interval>

/** The confidence of every interval in a report. */
export const confidence = 0.95
