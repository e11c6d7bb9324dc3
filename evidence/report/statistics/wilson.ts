import { scoreInterval } from '../../../schemas/score-interval.ts'
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
