/**
 * Whole numbers that add up to `total` in proportion to `weights` (largest-remainder method, Hamilton 1792). Ties go to the
 * earlier key, so equal input gives equal output. All-zero weights are taken as equal.
 */
export function apportion(weights: ReadonlyMap<string, number>, total: number): Map<string, number> {
  const sum = [...weights.values()].reduce((a, b) => a + b, 0)
  const shares = [...weights].map(([key, weight], order) => {
    const exact = total * (sum > 0 ? weight / sum : 1 / weights.size) || 0
    return { key, order, whole: Math.floor(exact), remainder: exact - Math.floor(exact) }
  })
  let left = total - shares.reduce((count, share) => count + share.whole, 0)
  const byRemainder = [...shares].sort((a, b) => b.remainder - a.remainder || a.order - b.order)
  for (const share of byRemainder) {
    if (left <= 0) break
    share.whole += 1
    left -= 1
  }
  return new Map(shares.map(({ key, whole }) => [key, whole]))
}
