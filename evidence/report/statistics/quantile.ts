import { createRequire } from 'node:module'
import type BinomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import type NormalQuantile from '@stdlib/stats-base-dists-normal-quantile'
import type StudentCdf from '@stdlib/stats-base-dists-t-cdf'
import type StudentQuantile from '@stdlib/stats-base-dists-t-quantile'
import { confidence } from './interval.ts'

/** A distribution is loaded at its first use: it is some 200 small modules, a tenth of a second that no command's start should pay. */
const require = createRequire(import.meta.url)

/** The standard normal quantile of a probability; infinite at 0 and 1. */
export function normalQuantile(p: number): number {
  const quantile: typeof NormalQuantile = require('@stdlib/stats-base-dists-normal-quantile')
  return quantile(p, 0, 1)
}

/** The standard normal quantile that leaves (1 - level) / 2 in each tail: 1.96 at 95 %. */
export function normalCritical(level: number = confidence): number {
  return normalQuantile((1 + level) / 2)
}

/** As `normalCritical`, of Student's t; degrees of freedom need not be whole. */
export function studentCritical(degreesOfFreedom: number, level: number = confidence): number {
  const quantile: typeof StudentQuantile = require('@stdlib/stats-base-dists-t-quantile')
  return quantile((1 + level) / 2, degreesOfFreedom)
}

/** How likely Student's t is so far from zero, to either side. */
export function studentTail(t: number, degreesOfFreedom: number): number {
  const cdf: typeof StudentCdf = require('@stdlib/stats-base-dists-t-cdf')
  return 2 * cdf(-Math.abs(t), degreesOfFreedom)
}

/** How likely at most so many of `flips` fair coins show heads. */
export function fairCoinsAtMost(heads: number, flips: number): number {
  const cdf: typeof BinomialCdf = require('@stdlib/stats-base-dists-binomial-cdf')
  return cdf(heads, flips, 1 / 2)
}
