import { confidence, type Interval } from './interval.ts'
import { normalCritical } from './quantile.ts'

/**
 * Wilson's score interval, without continuity correction, of a share `correct / total`; null when there are no items.
 * Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference, JASA 22, 209-212; method 3 of
 * Newcombe, R. G. (1998), Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, 857-872.
 */
export function wilson(correct: number, total: number, level: number = confidence): Interval | null {
  if (!Number.isInteger(correct) || !Number.isInteger(total) || correct < 0 || correct > total) {
    throw new RangeError(`no share of ${correct} out of ${total}`)
  }
  return total === 0 ? null : scoreInterval(correct / total, normalCritical(level) / Math.sqrt(total))
}

/**
 * The truths p from which a share differs by at most `reach` times sqrt(p (1 - p)), `stretch` times as far from their middle. Of single
 * answers `reach` is z / sqrt(n), which is Wilson's interval; of answers that depend on each other it is that of as many single ones as
 * are worth the same, and `stretch` is t / z: Dean, N. and Pagano, M. (2015), Evaluating confidence interval methods for binomial
 * proportions in clustered surveys, Journal of Survey Statistics and Methodology 3, 484-503.
 */
export function scoreInterval(share: number, reach: number, stretch = 1): Interval {
  const squared = reach * reach
  const centre = (share + squared / 2) / (1 + squared)
  const spread = (stretch * reach * Math.sqrt(share * (1 - share) + squared / 4)) / (1 + squared)
  return {
    low: share === 0 ? 0 : Math.max(0, centre - spread),
    high: share === 1 ? 1 : Math.min(1, centre + spread),
  }
}
