import {
  buildContaminationIndex,
  type EvaluationItem,
  itemIdsByOrdinal,
  openContaminationIndex,
} from '../agents/critic/checks/contamination.ts'
import { contaminationShare } from './evidence.ts'

/** Two texts of which one repeats the other, as the critic finds rows that repeat an item. */
export type Repeat<T> = { earlier: T; later: T; how: string; share: number }

/** Which texts of a side repeat one of a side before it, or are repeated by it. Not every pair: of several, the closest. */
export function repeatsBetween<T extends { text: string }>(sides: readonly (readonly T[])[]): Repeat<T>[] {
  return sides.flatMap((later, at) => {
    const earlier = sides.slice(0, at).flat()
    const forwards = repeatsIn(earlier, later)
    const found = new Set(forwards.map((repeat) => repeat.later))
    const backwards = repeatsIn(later, earlier).map(({ earlier, later, ...rest }) => ({
      earlier: later,
      later: earlier,
      ...rest,
    }))
    return [...forwards, ...backwards.filter((repeat) => !found.has(repeat.later))]
  })
}

function repeatsIn<T extends { text: string }>(known: readonly T[], asked: readonly T[]): Repeat<T>[] {
  if (known.length === 0 || asked.length === 0) return []
  const items = known.map(({ text }, index): EvaluationItem => ({ id: String(index), split: 'sealed', text }))
  // Nobody else sees this index: its key hides nothing.
  const key = Buffer.alloc(32)
  const index = openContaminationIndex(buildContaminationIndex(items, key), key, { share: contaminationShare })
  const ids = itemIdsByOrdinal(items, key)
  return asked.flatMap((later) => {
    const hit = index.check({ text: later.text })
    return hit ? [{ earlier: known[Number(ids[hit.item])]!, later, how: hit.how, share: hit.share }] : []
  })
}
