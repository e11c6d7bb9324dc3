/**
 * Gain in per cent of the base's score, (score - base) / base x 100: the metric "Gain %" of arXiv 2605.30407.
 * Null, "not defined", when the base scores 0 or either is missing.
 */
export function gainPercent(score: number | null, base: number | null): number | null {
  if (score === null || base === null || base === 0) return null
  return ((score - base) / base) * 100
}
