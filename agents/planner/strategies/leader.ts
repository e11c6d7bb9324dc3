import type { SearchSettings } from '../../../schemas/search.ts'
import { isScored, meanScore, type TriedAttempt } from './strategy.ts'

/**
 * Where a search goes on from: the best attempt, or, where attempts are raced, the one with the highest score. One that is likely to be
 * better is a good start long before it is shown to be better, and only what is shown is chosen in the end.
 */
export function leaderOf(
  history: readonly TriedAttempt[],
  best: number | null,
  { seeds }: SearchSettings['racing'],
): number | null {
  if (seeds === 0 || best === null) return best
  const now = history.find(({ attempt }) => attempt === best)!
  const whole = history.filter((tried) => tried.share === now.share && isScored(tried))
  return whole.reduce((leader, tried) => (meanScore(tried) > meanScore(leader) ? tried : leader), now).attempt
}
