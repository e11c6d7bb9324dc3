import { confidence, type Interval } from './interval.ts'
import { normalCritical } from './quantile.ts'

/**
 * Wilson's score interval, without continuity correction, of a share `correct / total`; null when there are no items.
 * Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference, JASA 22, 209-212; method 3 of
 * Newcombe, R. G. (1998), Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, 857-872:
 * (2np + z^2 -+ z sqrt(z^2 + 4npq)) / 2(n + z^2).
 */
export function wilson(correct: number, total: number, level: number = confidence): Interval | null {
  if (!Number.isInteger(correct) || !Number.isInteger(total) || correct < 0 || correct > total) {
    throw new RangeError(`no share of ${correct} out of ${total}`)
  }
  if (total === 0) return null
  const z = normalCritical(level)
  const wrong = total - correct
  const centre = 2 * correct + z * z
  const spread = z * Math.sqrt(z * z + (4 * correct * wrong) / total)
  const width = 2 * (total + z * z)
  return {
    low: correct === 0 ? 0 : Math.max(0, (centre - spread) / width),
    high: wrong === 0 ? 1 : Math.min(1, (centre + spread) / width),
  }
}
