import { z } from 'zod'
import { armMean } from './arm-mean.ts'
import { Interval } from './interval.ts'
import { wilson } from './wilson.ts'

const count = z.number().int().nonnegative()

/** A share right, as a fraction, with its Wilson interval over groups of items; null where nothing was drawn twice. */
export const Rate = z.object({
  correct: count,
  total: count,
  /** As many as items where each stands alone. */
  groups: count,
  share: z.number().nullable(),
  interval: Interval.nullable(),
})
export type Rate = z.infer<typeof Rate>

/** Of items that each stand alone. */
export function rate(correct: number, total: number): Rate {
  const share = total === 0 ? null : correct / total
  return { correct, total, groups: total, share, interval: wilson(correct, total) }
}

/** Of one adapter on items in groups, which are what is drawn: `right[group]` of `sizes[group]` items. */
export function groupedRate({ sizes, right }: { sizes: readonly number[]; right: readonly number[] }): Rate {
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0)
  const [correct, total, groups] = [sum(right), sum(sizes), sizes.length]
  if (groups === total) return rate(correct, total)
  return { correct, total, groups, share: correct / total, interval: armMean({ sizes, right: [right] }).interval }
}
