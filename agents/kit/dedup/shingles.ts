import { kinds } from './lexicon.ts'
import { mix, type Tokens } from './tokens.ts'

/** What two texts are compared by. */
export type Shingles = {
  /** Sorted distinct hashes of three words in a row; the lowest bit says whether one of them is a value. */
  hashes: Uint32Array
  /** A hash of the multiset of values and the set of units: another problem has another one. */
  data: number
  /** A hash of the values in the order of the text. */
  order: number
  /** A hash of the whole normalised text, 64 bits in two halves. */
  text: [number, number]
}

/** Values are not masked: in a text with the same values somewhere else, the words around them tell. */
export function shinglesOf(tokens: Tokens): Shingles {
  const { count, hash, kind } = tokens
  const length = Math.max(1, count - 2)
  const hashes = new Uint32Array(length)
  for (let i = 0; i < length; i++) {
    const last = Math.min(i + 3, count)
    let h = last - i
    let hasValue = 0
    for (let k = i; k < last; k++) {
      h = mix(Math.imul(h, 31) + hash[k]!)
      if (kind[k] === kinds.value) hasValue = 1
    }
    hashes[i] = (h & ~1) | hasValue
  }
  let sum = 0
  let order = 0
  let low = count
  let high = ~count
  for (let i = 0; i < count; i++) {
    const h = hash[i]!
    low = Math.imul(mix(low ^ h), 0x9e3779b1)
    high = mix(Math.imul(high, 0x01000193) + h)
    if (kind[i] !== kinds.value) continue
    sum = (sum + mix(h ^ 0x5bd1e995)) | 0
    order = mix(Math.imul(order, 31) + h)
  }
  const data = mix(sum ^ mix(tokens.units[0] ^ mix(tokens.units[1] + 1)))
  return { hashes: sortedDistinct(hashes), data: data >>> 0, order: order >>> 0, text: [low >>> 0, high >>> 0] }
}

/** Jaccard similarity, of all shingles and of those with a value in them (1 where neither side has one). */
export function similarity(
  a: Uint32Array,
  b: Uint32Array,
  bFrom: number,
  bTo: number,
): { all: number; values: number } {
  let i = 0
  let k = bFrom
  let both = 0
  let bothValues = 0
  let values = 0
  while (i < a.length && k < bTo) {
    const x = a[i]!
    const y = b[k]!
    if (x <= y) values += x & 1
    else values += y & 1
    if (x === y) {
      both++
      bothValues += x & 1
    }
    if (x <= y) i++
    if (y <= x) k++
  }
  for (; i < a.length; i++) values += a[i]! & 1
  for (; k < bTo; k++) values += b[k]! & 1
  return { all: both / (a.length + bTo - bFrom - both), values: values === 0 ? 1 : bothValues / values }
}

function sortedDistinct(hashes: Uint32Array): Uint32Array {
  hashes.sort()
  let length = 0
  for (let i = 0; i < hashes.length; i++) if (i === 0 || hashes[i] !== hashes[i - 1]) hashes[length++] = hashes[i]!
  return hashes.subarray(0, length)
}
