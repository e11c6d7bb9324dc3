// The live page loads this file, too: it imports nothing.

/**
 * The p with |share - p| <= reach sqrt(p (1 - p)), `stretch` times as far from their middle:
 *
 *     (share + reach^2 / 2 ± stretch reach sqrt(share (1 - share) + reach^2 / 4)) / (1 + reach^2)
 *
 * Of n single answers `reach` is z / sqrt(n), which is Wilson's interval; of answers that depend on each other it is that of as many single
 * ones as are worth the same, and `stretch` is t / z: Dean, N. and Pagano, M. (2015), Evaluating confidence interval methods for binomial
 * proportions in clustered surveys, Journal of Survey Statistics and Methodology 3, 484-503.
 */
export function scoreInterval(share: number, reach: number, stretch = 1): { low: number; high: number } {
  const squared = reach * reach
  const centre = (share + squared / 2) / (1 + squared)
  const spread = (stretch * reach * Math.sqrt(share * (1 - share) + squared / 4)) / (1 + squared)
  return {
    low: share === 0 ? 0 : Math.max(0, centre - spread),
    high: share === 1 ? 1 : Math.min(1, centre + spread),
  }
}
