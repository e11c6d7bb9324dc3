import { z } from 'zod'
import { Interval } from './interval.ts'
import { wilson } from './wilson.ts'

/** A share right, as a fraction, with its Wilson interval; null where there is no item. */
export const Rate = z.object({
  correct: z.number().int().nonnegative(),
  total: z.number().int().nonnegative(),
  share: z.number().nullable(),
  interval: Interval.nullable(),
})
export type Rate = z.infer<typeof Rate>

export function rate(correct: number, total: number): Rate {
  return { correct, total, share: total === 0 ? null : correct / total, interval: wilson(correct, total) }
}
