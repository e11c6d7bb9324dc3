import { GRAM_WORDS, type Grams, singleOf } from './grams.ts'
import { addValue, hashed, type ItemFacts, valuesOf } from './item-facts.ts'
import type { KeyedHash, Purpose } from './keyed-hash.ts'
import { tokenKinds } from './lexicon.ts'
import type { Tokens } from './tokens.ts'

/** A copied table or passage is a leak though the question about it has another number: so many values, such a share. */
const PASSAGE_VALUES = 12
const PASSAGE_SHARE = 0.8

/**
 * Whether a row that has an item's words also has its data, hence its answer. The units of the item must all occur. The
 * values must be those in the matched places (whatever is wrapped around them, in any order), or stand in the row one
 * after the other in the item's order (words between them were changed), or be a copied passage with its numbers.
 */
export function hasSameData(
  item: ItemFacts,
  row: { tokens: Tokens; values: Int32Array; grams: Grams; places: readonly number[] },
  hashes: Record<Purpose, KeyedHash>,
): boolean {
  const { tokens, values, grams, places } = row
  if (!hasUnits(item, tokens)) return false
  if (item.values === 0) return true
  let sum: [number, number] = [0, 0]
  let matched = 0
  let next = 0
  for (const place of places) {
    const end = Math.min(place + GRAM_WORDS, grams.atCount)
    for (let k = Math.max(place, next); k < end; k++) {
      const token = grams.at[k]!
      if (tokens.kind[token] !== tokenKinds.value) continue
      sum = addValue(sum, tokens.hash[token]!, hashes.value)
      matched++
    }
    next = Math.max(next, end)
  }
  if (sum[0] === item.valueSum[0] && sum[1] === item.valueSum[1]) return true
  if (matched >= PASSAGE_VALUES && matched >= PASSAGE_SHARE * item.values) return true
  for (let from = 0; from + item.values <= values.length; from++) {
    const order = hashed(hashes.order, values.subarray(from), item.values)
    if (order[0] === item.order[0] && order[1] === item.order[1]) return true
  }
  return false
}

/** Whether every unit of the item occurs in the row: "12 feet in inches" is not "12 feet in yards". */
function hasUnits(item: ItemFacts, tokens: Tokens): boolean {
  return (item.units[0] & ~tokens.units[0]) === 0 && (item.units[1] & ~tokens.units[1]) === 0
}

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
      if (tokens.kind[i] === tokenKinds.value) continue
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
    for (let i = 0; i < tokens.count; i++) if (tokens.kind[i] === tokenKinds.value) places.push(i)
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
