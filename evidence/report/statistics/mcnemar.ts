import { fairCoinsAtMost } from './quantile.ts'

/**
 * Two-sided p of the exact conditional test that two candidates are right equally often on the same items: `gained` items only the
 * first got right, `lost` only the second. McNemar, Q. (1947), Psychometrika 12, 153-157, with the binomial tail doubled.
 */
export function mcNemar(gained: number, lost: number): number {
  return Math.min(1, 2 * fairCoinsAtMost(Math.min(gained, lost), gained + lost))
}
