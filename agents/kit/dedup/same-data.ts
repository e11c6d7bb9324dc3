import { GRAM_WORDS, type Grams } from './grams.ts'
import { addValue, hashed, type ItemFacts } from './item-facts.ts'
import type { KeyedHash, Purpose } from './keyed-hash.ts'
import { kinds } from './lexicon.ts'
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
      if (tokens.kind[token] !== kinds.value) continue
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
export function hasUnits(item: ItemFacts, tokens: Tokens): boolean {
  return (item.units[0] & ~tokens.units[0]) === 0 && (item.units[1] & ~tokens.units[1]) === 0
}
