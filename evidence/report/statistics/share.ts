/**
 * The share right of one arm or one adapter, with its interval, and the gain of one share over another.
 *
 * Example: the table at the head of `two-way.ts`. The kurtosis of its groups is 1.25, so the groups' variance is known with
 * min(4, 2 x 5 / (1.25 - 2 / 4)) = 4 degrees of freedom. The standard error 0.224 is 0.447 of a single answer's sqrt(0.5 x 0.5), which is
 * that of five single answers; Wilson's interval of these, drawn out t / z = 2.98 / 1.96 times, is 0 to 1: two seeds say little.
 */
import { sumNthPowerDeviations } from 'simple-statistics'
import { z } from 'zod'
import { scoreInterval } from '../../../schemas/score-interval.ts'
import { Interval, normalCritical, wilson } from './intervals.ts'
import { type Grouped, margin, type TwoWay, twoWay } from './two-way.ts'

/** An arm's accuracy, averaged over its adapters, with an interval over what was drawn. */
export type Mean = { value: number; perSeed: number[]; interval: Interval | null }

/**
 * The accuracy expected of an arm over training seeds and over items like these; with one seed the interval is over items alone, of
 * this adapter. Null interval: fewer than two groups. Why no percentile bootstrap: docs/decisions/004.
 */
export function armMean(grouped: Grouped): Mean {
  const table = twoWay(grouped)
  const { share, groups, seeds } = table
  const interval = groups < 2 ? null : seeds === 1 ? ofOneAdapter(grouped.sizes, table) : ofAdapters(table)
  return { value: share, perSeed: [...table.seedShares], interval }
}

/**
 * Wilson's interval over items that stand alone; over groups Wilson's of as many single answers as are worth the same, known with
 * Student's t, and never narrower than that over items: groups that differ little by chance are worth no more than their items (Korn
 * and Graubard 1998, Survey Methodology 24, 193-201).
 */
function ofOneAdapter(sizes: ArrayLike<number>, table: TwoWay): Interval | null {
  const { share, groups } = table
  let items = 0
  for (let group = 0; group < groups; group++) items += sizes[group]!
  if (groups === items) return wilson(Math.round(share * items), items)
  const { perAnswer, critical } = marginOf(table, groups - 1)
  return scoreInterval(share, Math.max(critical * perAnswer, normalCritical() / Math.sqrt(items)))
}

/**
 * Wilson's interval of as many single answers as are worth the variance of groups and seeds, drawn out from its middle by Student's t: what
 * few seeds leave unknown makes it wider, but moves its middle no further from the share (docs/decisions/004).
 */
function ofAdapters(table: TwoWay): Interval {
  const { perAnswer, critical } = marginOf(table, varianceDegreesOfFreedom(table))
  return scoreInterval(table.share, normalCritical() * perAnswer, critical / normalCritical())
}

/**
 * An arm's margin, its standard error in those of a single answer. Where all groups tell the same, it is that of single answers, one for
 * each group.
 */
function marginOf(table: TwoWay, degreesOfFreedom: number): { perAnswer: number; critical: number } {
  const { share, groups, seeds, betweenGroups } = table
  const { standardError, critical } = margin({ variance: betweenGroups / (groups * seeds), degreesOfFreedom }, [table])
  if (standardError === 0) return { perAnswer: 1 / Math.sqrt(groups), critical: normalCritical() }
  return { perAnswer: standardError / Math.sqrt(share * (1 - share)), critical }
}

/**
 * With how many degrees of freedom the variance between groups is known: fewer than groups - 1 where a few groups, the only right or the
 * only wrong ones, make most of it. O'Neill, B. (2014), Some useful moment results in sampling problems, The American Statistician 68,
 * 282-296, with the kurtosis of the groups seen.
 */
function varianceDegreesOfFreedom({ groups, groupValues, betweenGroups }: TwoWay): number {
  if (betweenGroups === 0) return groups - 1
  const values = [...groupValues]
  // The fourth central moment over the squared second, both divided by the number of groups: 3 of a normal distribution.
  const kurtosis = (groups * sumNthPowerDeviations(values, 4)) / sumNthPowerDeviations(values, 2) ** 2
  return Math.min(groups - 1, (2 * groups) / (kurtosis - (groups - 3) / (groups - 1)))
}

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

/**
 * Gain in per cent of the base's score, (score - base) / base x 100: the metric "Gain %" of arXiv 2605.30407.
 * Null, "not defined", when the base scores 0 or either is missing.
 */
export function gainPercent(score: number | null, base: number | null): number | null {
  if (score === null || base === null || base === 0) return null
  return ((score - base) / base) * 100
}
