/**
 * Intervals, the quantiles that they are made with, and Wilson's interval of one share.
 *
 * Example: 3 of 4 right. z = 1.96, so reach = z / sqrt(4) = 0.98 and reach^2 = 0.96. The middle is (0.75 + 0.96 / 2) / 1.96 = 0.628, the
 * half width 0.98 sqrt(0.75 x 0.25 + 0.96 / 4) / 1.96 = 0.327: the interval is 0.301 to 0.954.
 */

import { createRequire } from 'node:module'
import type BinomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import type NormalQuantile from '@stdlib/stats-base-dists-normal-quantile'
import type StudentCdf from '@stdlib/stats-base-dists-t-cdf'
import type StudentQuantile from '@stdlib/stats-base-dists-t-quantile'
import { z } from 'zod'
import { scoreInterval } from '../../../schemas/score-interval.ts'

/** A closed interval; shares and differences of shares are fractions, 0.5 for 50 %. */
export const Interval = z.object({ low: z.number(), high: z.number() })
export type Interval = z.infer<typeof Interval>

/** What a share, and a difference of shares, can be. */
export const [shares, differencesOfShares]: [Interval, Interval] = [
  { low: 0, high: 1 },
  { low: -1, high: 1 },
]

/** `value` - `reach` to `value` + `reach`, cut to what there can be. */
export const around = (value: number, reach: number, { low, high }: Interval): Interval => ({
  low: Math.max(low, value - reach),
  high: Math.min(high, value + reach),
})

export const confidence = 0.95

/** A distribution is loaded at its first use: it is some 200 small modules, a tenth of a second that no command's start should pay. */
const require = createRequire(import.meta.url)

/** The standard normal quantile of a probability; infinite at 0 and 1. */
export function normalQuantile(p: number): number {
  const quantile: typeof NormalQuantile = require('@stdlib/stats-base-dists-normal-quantile')
  return quantile(p, 0, 1)
}

/** The standard normal quantile that leaves (1 - level) / 2 in each tail: 1.96 at 95 %. */
export const normalCritical = (level: number = confidence): number => normalQuantile((1 + level) / 2)

/** As `normalCritical`, of Student's t; degrees of freedom are above 0 and need not be whole. */
export function studentCritical(degreesOfFreedom: number, level: number = confidence): number {
  const quantile: typeof StudentQuantile = require('@stdlib/stats-base-dists-t-quantile')
  return quantile((1 + level) / 2, degreesOfFreedom)
}

/** P(|T| >= |t|) of Student's t. */
export function studentTail(t: number, degreesOfFreedom: number): number {
  const cdf: typeof StudentCdf = require('@stdlib/stats-base-dists-t-cdf')
  return 2 * cdf(-Math.abs(t), degreesOfFreedom)
}

/** P(X <= heads) of a binomial distribution with probability 1/2. */
export function fairCoinsAtMost(heads: number, flips: number): number {
  const cdf: typeof BinomialCdf = require('@stdlib/stats-base-dists-binomial-cdf')
  return cdf(heads, flips, 1 / 2)
}

/**
 * Wilson's score interval, without continuity correction, of a share `correct / total`; null when there are no items.
 * Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference, JASA 22, 209-212; method 3 of
 * Newcombe, R. G. (1998), Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, 857-872.
 *
 * @throws RangeError where the counts are not whole, or `correct` is not between 0 and `total`.
 */
export function wilson(correct: number, total: number, level: number = confidence): Interval | null {
  if (!Number.isInteger(correct) || !Number.isInteger(total) || correct < 0 || correct > total)
    throw new RangeError(`no share of ${correct} out of ${total}`)
  return total === 0 ? null : scoreInterval(correct / total, normalCritical(level) / Math.sqrt(total))
}
