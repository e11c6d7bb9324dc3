/** Which items a gram occurs in, by open addressing on the gram's hash (never 0). */
export type GramTable = {
  /** The slot of a gram, or -1. */
  slot(gram: number): number
  /** Items of a slot: postings[start[slot] .. start[slot] + count[slot]). */
  start: Uint32Array
  count: Uint32Array
  postings: Uint32Array
}

export function createGramTable(gramsOfItems: readonly Uint32Array[]): GramTable {
  const total = gramsOfItems.reduce((sum, grams) => sum + grams.length, 0)
  let slots = 16
  while (slots < 2 * total) slots *= 2
  const mask = slots - 1
  const keys = new Uint32Array(slots)
  const start = new Uint32Array(slots)
  const count = new Uint32Array(slots)
  const postings = new Uint32Array(total)

  function find(gram: number): number {
    let slot = (gram ^ (gram >>> 15)) & mask
    while (keys[slot] !== gram && keys[slot] !== 0) slot = (slot + 1) & mask
    return slot
  }
  for (const grams of gramsOfItems) {
    for (const gram of grams) {
      const slot = find(gram)
      keys[slot] = gram
      count[slot]!++
    }
  }
  for (let slot = 0, at = 0; slot < slots; slot++) {
    start[slot] = at
    at += count[slot]!
    count[slot] = 0
  }
  for (const [item, grams] of gramsOfItems.entries()) {
    for (const gram of grams) {
      const slot = find(gram)
      postings[start[slot]! + count[slot]!++] = item
    }
  }
  return {
    slot(gram) {
      const slot = find(gram)
      return keys[slot] === 0 ? -1 : slot
    },
    start,
    count,
    postings,
  }
}
