import jStat from 'jstat'

/**
 * Two-sided p of the exact conditional test that two candidates are right equally often on the same items: `gained` items only the
 * first got right, `lost` only the second. McNemar, Q. (1947), Psychometrika 12, 153-157, with the binomial tail doubled:
 * an incomplete beta function, since jStat's own sum is rounded to ten digits and calls a smaller p 0.
 */
export function mcNemar(gained: number, lost: number): number {
  if (gained + lost === 0) return 1
  const [fewer, more] = [Math.min(gained, lost), Math.max(gained, lost)]
  return Math.min(1, 2 * jStat.ibeta(0.5, more, fewer + 1))
}
