import { tokenKinds } from './lexicon.ts'
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
      if (kind[k] === tokenKinds.value) hasValue = 1
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
    if (kind[i] !== tokenKinds.value) continue
    sum = (sum + mix(h ^ 0x5bd1e995)) | 0
    order = mix(Math.imul(order, 31) + h)
  }
  const data = mix(sum ^ mix(tokens.units[0] ^ mix(tokens.units[1] + 1)))
  return { hashes: sortedDistinct(hashes), data: data >>> 0, order: order >>> 0, text: [low >>> 0, high >>> 0] }
}

/** Jaccard similarity, of all shingles and of those with a value in them (1 where neither side has one). */
export function shingleSimilarity(
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

export const PERMUTATIONS = 64

/** How 64 MinHash values are cut into bands of equal rows. */
export type Banding = { bands: number; rows: number }

/**
 * The most rows a band (fewest false candidates) with which two texts of just the wanted Jaccard similarity j still share
 * a band with probability 1 - (1 - j^rows)^bands >= 0.98 (Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4.2).
 */
export function chooseBanding(jaccard: number): Banding {
  for (let rows = 8; rows > 1; rows--) {
    const bands = Math.floor(PERMUTATIONS / rows)
    if (1 - (1 - jaccard ** rows) ** bands >= 0.98) return { bands, rows }
  }
  return { bands: PERMUTATIONS, rows: 1 }
}

/** Writes the signature of the hashes [from, to) into `signature` (64 values); the permutations are fixed. */
export function minHash(hashes: Uint32Array, from: number, to: number, signature: Uint32Array): void {
  for (let p = 0; p < PERMUTATIONS; p++) {
    const factor = factors[p]!
    const offset = offsets[p]!
    let least = 0x7fffffff
    for (let i = from; i < to; i++) {
      // Signed, so that the engine keeps small integers.
      const value = (Math.imul(hashes[i]!, factor) + offset) | 0
      if (value < least) least = value
    }
    signature[p] = least
  }
}

/** The key of a band: its signature rows and what two texts must share exactly. */
export function bandKey(signature: Uint32Array, { rows }: Banding, band: number, data: number): number {
  let key = data ^ Math.imul(band + 1, 0x9e3779b1)
  for (let i = band * rows; i < (band + 1) * rows; i++) key = mix(Math.imul(key, 31) + signature[i]!)
  return key >>> 0
}

// x -> factor * x + offset mod 2^32 with an odd factor is a permutation; the shingle hashes are mixed already.
const factors = Int32Array.from({ length: PERMUTATIONS }, (_, p) => mix(Math.imul(p + 1, 0x9e3779b9)) | 1)
const offsets = Int32Array.from({ length: PERMUTATIONS }, (_, p) => mix(Math.imul(p + 1, 0x85ebca77) ^ 0x27d4eb2f))
