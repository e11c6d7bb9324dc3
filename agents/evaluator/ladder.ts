import { sampleStandardDeviation } from 'simple-statistics'
import type { ItemOutcome } from '../../schemas/score.ts'
import type { ScoreMode } from '../../schemas/task.ts'

/**
 * The parameter-free Ladder (Blum and Hardt, "The Ladder: a reliable leaderboard for machine learning competitions", 2015): a
 * candidate is better than the best one shown only when its score is higher by more than s / sqrt(n), where s is the standard
 * deviation over the n items of the difference between the two.
 * Errors: two candidates that did not answer the same items.
 */
export function isAbove(next: readonly ItemOutcome[], best: readonly ItemOutcome[], mode: ScoreMode): boolean {
  const before = new Map(best.map((outcome) => [outcome.id, outcome]))
  if (before.size !== next.length || next.some(({ id }) => !before.has(id))) {
    throw new Error('the two candidates did not answer the same items')
  }
  const gains = next.map((outcome) => Number(outcome[mode]) - Number(before.get(outcome.id)![mode]))
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length
  return gains.length > 1 && mean > sampleStandardDeviation(gains) / Math.sqrt(gains.length)
}
