import type { SearchSettings } from '../../../schemas/search.ts'
import { race } from './racing.ts'
import { isScored, type TriedAttempt } from './strategy.ts'

/** The last attempt that was better than those before it by more than chance, and how many came after it. */
export type Plateau = { mark: number; since: number }

/**
 * Where a search stands on its plateau; null before there is an attempt with all rows and a score. `items`: validation items.
 * A score that is a little higher says nothing, since among many attempts some are. So the mark moves to an attempt that leads the marked
 * one by as much as one has to lead in a race by the search's own seed. What is chosen does not follow from this: only whether it is
 * worth going on.
 */
export function plateauOf(
  history: readonly TriedAttempt[],
  items: number,
  racing: SearchSettings['racing'],
): Plateau | null {
  const whole = history.filter((tried) => tried.share === 1 && isScored(tried))
  const counted = ({ scores }: TriedAttempt) => ({ correct: [scores[0]! * items], total: items })
  const [first, ...others] = whole
  if (!first) return null
  let [mark, since] = [first, 0]
  for (const tried of others) {
    const isMark = race(counted(tried), counted(mark), { racing }).holds
    since = isMark ? 0 : since + 1
    if (isMark) mark = tried
  }
  return { mark: mark.attempt, since }
}

/** Whether further attempts would be luck. */
export const isOver = (plateau: Plateau | null, { attempts }: SearchSettings['plateau']): boolean =>
  attempts > 0 && plateau !== null && plateau.since >= attempts
