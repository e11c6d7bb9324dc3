import type { SearchSettings } from '../../../schemas/search.ts'
import type { TriedAttempt } from './strategy.ts'

/** Attempts with all rows and a score since the best one, none of which was kept in its place. */
export const sinceBest = (history: readonly TriedAttempt[], best: number | null): number =>
  best === null
    ? 0
    : history.filter(({ attempt, share, scores }) => attempt > best && share === 1 && scores.length > 0).length

/** Whether further attempts would be luck: so many in a row did not become the best. */
export function isPlateau(
  history: readonly TriedAttempt[],
  best: number | null,
  { attempts }: SearchSettings['plateau'],
): boolean {
  return attempts > 0 && sinceBest(history, best) >= attempts
}
