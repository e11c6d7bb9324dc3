import { singleOf } from './grams.ts'
import { hashed, type ItemFacts, valuesOf } from './item-facts.ts'
import type { KeyedHash, Purpose } from './keyed-hash.ts'
import { kinds } from './lexicon.ts'
import { hasUnits } from './same-data.ts'
import type { Tokens } from './tokens.ts'

/** A short item that a row has: the share of the item's words, and the characters of the row. */
export type ShortMatch = { item: number; share: number; span: [number, number] }

/**
 * Finds short items under other names. In "Order: 5 boxes, unit price 5.55. Total?" one other word spoils three of five
 * grams, so a short item is looked up by its values in their order and compared word by word around them.
 */
export function createShortMatcher(items: readonly ItemFacts[], hashes: Record<Purpose, KeyedHash>) {
  const byOrder = new Map<number, number[]>()
  const lengths = new Set<number>()
  for (const [item, { singles, order, values }] of items.entries()) {
    if (singles.length === 0) continue
    byOrder.set(order[0], [...(byOrder.get(order[0]) ?? []), item])
    lengths.add(values)
  }

  function compare(item: number, tokens: Tokens, first: number, last: number): ShortMatch {
    const { singles } = items[item]!
    const from = Math.max(0, first - singles.length)
    const to = Math.min(tokens.count - 1, last + singles.length)
    const found = new Set<number>()
    let start = first
    let end = last
    for (let i = from; i <= to; i++) {
      if (tokens.kind[i] === kinds.value) continue
      const word = singleOf(tokens, i, hashes.single)
      if (!singles.includes(word)) continue
      found.add(word)
      start = Math.min(start, i)
      end = Math.max(end, i)
    }
    return { item, share: found.size / singles.length, span: [tokens.start[start]!, tokens.end[end]!] }
  }

  /** The item of which the row has most, at least the wanted share of words; the first of equals. */
  return function match(tokens: Tokens, wanted: number, skip: (item: number) => boolean): ShortMatch | null {
    if (lengths.size === 0) return null
    const values = valuesOf(tokens)
    const places: number[] = []
    for (let i = 0; i < tokens.count; i++) if (tokens.kind[i] === kinds.value) places.push(i)
    let best: ShortMatch | null = null
    for (const length of lengths) {
      for (let from = 0; from + length <= values.length; from++) {
        const [low, high] = hashed(hashes.order, values.subarray(from), length)
        for (const item of byOrder.get(low) ?? []) {
          if (skip(item) || items[item]!.order[1] !== high || !hasUnits(items[item]!, tokens)) continue
          const match = compare(item, tokens, places[from]!, places[from + length - 1]!)
          if (match.share >= wanted && (!best || match.share > best.share)) best = match
        }
      }
    }
    return best
  }
}
