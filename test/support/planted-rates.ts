import {
  buildContaminationIndex,
  itemIdsByOrdinal,
  openContaminationIndex,
} from '../../agents/kit/dedup/contamination.ts'
import { createDuplicateIndex } from '../../agents/kit/dedup/duplicate-index.ts'
import { type Dice, edited, type Problem } from './planted-problems.ts'

/** The share of the planted copies of a kind that a check flags. */
export type Shares = Record<string, number>

function sharesOf(counts: ReadonlyMap<string, { hits: number; all: number }>): Shares {
  return Object.fromEntries([...counts].map(([kind, { hits, all }]) => [kind, hits / all]))
}

function counting() {
  const counts = new Map<string, { hits: number; all: number }>()
  const count = (kind: string, isHit: boolean) => {
    const { hits, all } = counts.get(kind) ?? { hits: 0, all: 0 }
    counts.set(kind, { hits: hits + (isHit ? 1 : 0), all: all + 1 })
  }
  return { counts, count }
}

/**
 * Of the planted copies of each kind, the share that the contamination check flags; and the rows that it kept and counted as
 * template overlap.
 */
export function contaminationRates(
  problems: readonly Problem[],
  of: 'leaks' | 'lookAlikes',
  { key, share }: { key: Uint8Array; share: number },
): { shares: Shares; templateOverlap: number } {
  const items = problems.map(({ text }, i) => ({ id: `i${i}`, split: 'sealed' as const, text }))
  const index = openContaminationIndex(buildContaminationIndex(items, key), key, { share })
  const ids = itemIdsByOrdinal(items, key)
  const { counts, count } = counting()
  for (const [i, problem] of problems.entries()) {
    for (const [kind, text] of Object.entries(problem[of])) {
      const found = index.check({ text })
      // A look-alike may happen to be a true copy of another problem of the set.
      count(kind, found !== null && (of === 'leaks' || ids[found.item] === `i${i}`))
    }
  }
  return { shares: sharesOf(counts), templateOverlap: index.templateOverlap }
}

/** Of the problems copied with some words changed, and of their look-alikes, the share that the duplicate check flags. */
export function duplicateRates(problems: readonly Problem[], jaccard: number, dice: Dice): Shares {
  const index = createDuplicateIndex({ jaccard })
  for (const [i, { text }] of problems.entries()) index.add(`i${i}`, text)
  const { counts, count } = counting()
  for (const [i, { text, leaks, lookAlikes }] of problems.entries()) {
    for (const words of [1, 2, 3]) count(`${words} words changed`, index.find(edited(dice, text, words)) !== null)
    for (const kind of ['restyled', 'wrapped', 'renamed'] as const) {
      const copy = leaks[kind]
      if (copy !== undefined) count(kind, index.find(copy) !== null)
    }
    for (const [kind, other] of Object.entries(lookAlikes)) count(kind, index.find(other)?.id === `i${i}`)
  }
  return sharesOf(counts)
}
