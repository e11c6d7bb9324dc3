import { usualFilters } from '../../../schemas/program.ts'
import { type EvaluationItem, indexItems } from './contamination.ts'

/** Items that texts are compared with as the critic compares rows with them. */
export const openItems = (items: readonly EvaluationItem[]) => indexItems(items, usualFilters.contaminationShare)

/** Two texts of which `later` repeats `earlier`, as the critic finds rows that repeat an item. */
export type Repeat<T> = { earlier: T; later: T; how: string; share: number }

/** Texts, and the closest repeat of one among those that are not to be skipped. */
function openTexts<T extends { text: string }>(texts: readonly T[]) {
  const index = openItems(texts.map(({ text }, place) => ({ id: String(place), split: 'sealed', text })))
  return (place: number, skip: (other: number) => boolean): { place: number; repeat: Repeat<T> } | null => {
    const later = texts[place]!
    const hit = index.check(later, skip)
    return hit && { place: hit.item, repeat: { earlier: texts[hit.item]!, later, how: hit.how, share: hit.share } }
  }
}

/** The closest repeat of each text in a side that is not its own; a pair that repeats each other is listed once. */
export function repeatsBetween<T extends { text: string }>(sides: readonly (readonly T[])[]): Repeat<T>[] {
  const sideOf = sides.flatMap((side, index) => side.map(() => index))
  const closest = openTexts(sides.flat())
  const reported = new Set<string>()
  return sideOf.flatMap((side, place) => {
    const found = closest(place, (other) => sideOf[other] === side)
    if (!found || reported.has(`${found.place} ${place}`)) return []
    reported.add(`${place} ${found.place}`)
    const { earlier, later, ...rest } = found.repeat
    return sideOf[found.place]! < side ? [found.repeat] : [{ earlier: later, later: earlier, ...rest }]
  })
}

/** Pairs of texts that join every group of texts (those of one key) with all that it repeats, over as many steps as it takes. */
export function alikeTexts<T extends { key: number; text: string }>(texts: readonly T[]): [T, T][] {
  const closest = openTexts(texts)
  const firstOf = new Map<number, number>()
  const parent = texts.map(({ key }, place) => {
    if (!firstOf.has(key)) firstOf.set(key, place)
    return firstOf.get(key)!
  })
  const home = (place: number): number => {
    let at = place
    while (parent[at] !== at) at = parent[at]!
    return at
  }
  const pairs: [T, T][] = []
  for (const [place, text] of texts.entries()) {
    for (;;) {
      const found = closest(place, (other) => home(other) === home(place))
      if (!found) break
      parent[home(found.place)] = home(place)
      pairs.push([found.repeat.earlier, text])
    }
  }
  return pairs
}
