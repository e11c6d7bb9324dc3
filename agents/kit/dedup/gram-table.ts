/** Which items a gram occurs in, by open addressing on the gram's hash (never 0). Grams are numbered from 0. */
export type GramTable = {
  /** The number of a gram, or -1. */
  find(gram: number): number
  /** How many items have the gram of a number. */
  count(gram: number): number
  /** Items of a gram: postings[start[number] .. start[number + 1]). */
  start: Uint32Array
  postings: Uint32Array
}

/** The table of the grams of items; an item is known by its place. No gram may stand twice in one item. */
export function createGramTable(gramsOfItems: readonly Uint32Array[]): GramTable {
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
