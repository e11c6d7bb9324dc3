/**
 * P-values adjusted for being read together, in their order. Holm, S. (1979), A simple sequentially rejective multiple test
 * procedure, Scandinavian Journal of Statistics 6, 65-70.
 */
export function holm(values: readonly number[]): number[] {
  const adjusted = new Array<number>(values.length)
  let running = 0
  const ranked = [...values.keys()].sort((one, other) => values[one]! - values[other]!)
  for (const [rank, index] of ranked.entries()) {
    running = Math.max(running, Math.min(1, (values.length - rank) * values[index]!))
    adjusted[index] = running
  }
  return adjusted
}
