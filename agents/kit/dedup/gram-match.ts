import { GRAM_WORDS, type Grams } from './grams.ts'
import type { Tokens } from './tokens.ts'

/** Where an item's grams stand in a row. */
export type Overlap = {
  /** Of the item's distinct grams, the share that the row has. */
  share: number
  /** Places of the row's grams that are the item's, rising. */
  places: number[]
}

/** Grams of more items than this are boilerplate: they count in a share, but do not nominate an item. */
const MAX_ITEMS_OF_A_GRAM = 32

/** Finds items that a row may contain, by one family of grams. */
export function createMatcher(gramsOfItems: readonly Uint32Array[]) {
  const table = createGramTable(gramsOfItems)
  const hits = new Uint32Array(gramsOfItems.length)
  const rare = countRare(table, gramsOfItems)

  return {
    table,
    /** Items that share at least half the wanted share of their rare grams with the row. */
    candidates(row: Grams, share: number): number[] {
      const touched: number[] = []
      for (let i = 0; i < row.count; i++) {
        const gram = table.find(row.hash[i]!)
        if (gram < 0 || table.count(gram) > MAX_ITEMS_OF_A_GRAM) continue
        for (let k = table.start[gram]!; k < table.start[gram + 1]!; k++) {
          const item = table.postings[k]!
          if (hits[item]!++ === 0) touched.push(item)
        }
      }
      const enough = touched.filter((item) => hits[item]! >= 0.5 * share * rare[item]!)
      for (const item of touched) hits[item] = 0
      return enough
    },
    overlap(row: Grams, item: number): Overlap {
      const grams = gramsOfItems[item]!
      const found = new Set<number>()
      const places: number[] = []
      for (let i = 0; i < row.count; i++) {
        if (!includes(grams, row.hash[i]!)) continue
        found.add(row.hash[i]!)
        places.push(i)
      }
      return { share: found.size / grams.length, places }
    },
  }
}

/** The characters of the densest part of a match: places no further than a short sentence apart, with most grams. */
export function matchedSpan({ places }: Overlap, row: Grams, tokens: Tokens): [number, number] {
  const GAP = 12
  let best = { from: 0, to: 0 }
  for (let from = 0, to = 0; from < places.length; from = to + 1) {
    to = from
    while (to + 1 < places.length && places[to + 1]! - places[to]! <= GAP) to++
    if (from === 0 || to - from > best.to - best.from) best = { from, to }
  }
  const first = row.at[places[best.from]!]!
  const last = row.at[Math.min(places[best.to]! + GRAM_WORDS, row.atCount) - 1]!
  return [tokens.start[first]!, tokens.end[last]!]
}

function countRare(table: GramTable, gramsOfItems: readonly Uint32Array[]): Uint32Array {
  return Uint32Array.from(gramsOfItems, (grams) => {
    let rare = 0
    for (const gram of grams) if (table.count(table.find(gram)) <= MAX_ITEMS_OF_A_GRAM) rare++
    return rare
  })
}

function includes(sorted: Uint32Array, value: number): boolean {
  let low = 0
  let high = sorted.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const found = sorted[middle]!
    if (found === value) return true
    if (found < value) low = middle + 1
    else high = middle - 1
  }
  return false
}

/** Which items a gram occurs in, by open addressing on the gram's hash (never 0). Grams are numbered from 0. */
type GramTable = {
  /** The number of a gram, or -1. */
  find(gram: number): number
  /** How many items have the gram of a number. */
  count(gram: number): number
  /** Items of a gram: postings[start[number] .. start[number + 1]). */
  start: Uint32Array
  postings: Uint32Array
}

/** The table of the grams of items; an item is known by its place. No gram may stand twice in one item. */
function createGramTable(gramsOfItems: readonly Uint32Array[]): GramTable {
  const total = gramsOfItems.reduce((sum, grams) => sum + grams.length, 0)
  let size = 16
  while (size < 2 * total) size *= 2
  const mask = size - 1
  // A slot holds a gram's number and one, 0 where it is free: most are, and what is kept of a gram lies apart.
  const slots = new Uint32Array(size)
  const keys = new Uint32Array(total)
  const start = new Uint32Array(total + 1)
  const postings = new Uint32Array(total)
  let grams = 0

  function slotOf(gram: number): number {
    let slot = (gram ^ (gram >>> 15)) & mask
    while (slots[slot] !== 0 && keys[slots[slot]! - 1] !== gram) slot = (slot + 1) & mask
    return slot
  }
  for (const gramsOfItem of gramsOfItems) {
    for (const gram of gramsOfItem) {
      const slot = slotOf(gram)
      if (slots[slot] === 0) {
        keys[grams++] = gram
        slots[slot] = grams
      }
      start[slots[slot]! - 1]!++
    }
  }
  for (let number = 0, end = 0; number <= grams; number++) {
    end += start[number]!
    start[number] = end
  }
  // From the end of each gram's places down to their start.
  for (let item = gramsOfItems.length - 1; item >= 0; item--) {
    for (const gram of gramsOfItems[item]!) postings[--start[slots[slotOf(gram)]! - 1]!] = item
  }
  return {
    find: (gram) => slots[slotOf(gram)]! - 1,
    count: (number) => start[number + 1]! - start[number]!,
    start,
    postings,
  }
}
