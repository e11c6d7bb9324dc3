import type { Interval } from './interval.ts'
import { wilson } from './wilson.ts'

export type Count = { correct: number; total: number }

/** Items by what two candidates made of them: `gained` only the first got right, `lost` only the second. */
export type Pairs = { both: number; gained: number; lost: number; neither: number }

/**
 * Interval of the difference of two shares of different items, first minus second; null where one has none. Newcombe, R. G. (1998),
 * Interval estimation for the difference between independent proportions, Statistics in Medicine 17, 873-890, method 10.
 */
export function newcombe(first: Count, second: Count): Interval | null {
  return squareAndAdd(first, second, 0)
}

/**
 * Interval of the difference of two shares right of the same items, first minus second; null where there are none. Newcombe, R. G.
 * (1998), Improved confidence intervals for the difference between binomial proportions based on paired data, Statistics in
 * Medicine 17, 2635-2650, method 10.
 */
export function newcombePaired({ both, gained, lost, neither }: Pairs): Interval | null {
  const total = both + gained + lost + neither
  const [first, second] = [both + gained, both + lost]
  const margins = first * (total - first) * second * (total - second)
  const cross = both * neither - gained * lost
  const corrected = cross > 0 ? Math.max(cross - total / 2, 0) : cross
  const correlation = margins === 0 ? 0 : corrected / Math.sqrt(margins)
  return squareAndAdd({ correct: first, total }, { correct: second, total }, correlation)
}

function squareAndAdd(first: Count, second: Count, correlation: number): Interval | null {
  const [one, two] = [wilson(first.correct, first.total), wilson(second.correct, second.total)]
  if (!one || !two) return null
  const [p, q] = [first.correct / first.total, second.correct / second.total]
  const reach = (a: number, b: number) => Math.sqrt(Math.max(0, a * a - 2 * correlation * a * b + b * b))
  return { low: p - q - reach(p - one.low, two.high - q), high: p - q + reach(one.high - p, q - two.low) }
}
