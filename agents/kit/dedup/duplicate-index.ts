import {
  type Banding,
  bandKey,
  chooseBanding,
  minHash,
  PERMUTATIONS,
  type Shingles,
  shingleSimilarity,
  shinglesOf,
} from './shingles.ts'
import { readTokens } from './text.ts'
import { createTokens } from './tokens.ts'

export type Duplicate = { id: string; kind: 'exact' | 'near'; jaccard: number }

export type DuplicateIndex = {
  /** The row that the text repeats: an exact one, else the nearest (the earliest of equals), else null. */
  find(text: string): Duplicate | null
  /** Adds a row, whether or not it repeats another. */
  add(id: string, text: string): void
  readonly size: number
  /** Bytes held by the index without the ids' strings. */
  bytes(): number
}

/** Near copies looked at for one text; it bounds the cost of a text when thousands share its values and wording. */
const MAX_VERIFIED = 256

/**
 * Finds repeated problems among up to millions of rows, with the same result for the same order of calls.
 *
 * Exact: the same normalised text. Near: the Jaccard similarity of three-word shingles is at least `jaccard`, **and** the
 * values (numbers, dates, operators) are the same multiset with the same units, **and** they come in the same order or in
 * the same words: the same template with other numbers is another problem. Candidates come from 64 MinHash
 * permutations in LSH bands keyed with the values, so a template of a million rows is no crowded bucket; each is
 * verified on the shingles themselves.
 *
 * Cost is linear in the text and does not grow with the rows. Memory is 4 bytes a shingle, 6 to 12 bytes a band and 32
 * bytes a row (about 330 bytes for a row of 25 words at jaccard 0.7), and the id's string.
 */
export function createDuplicateIndex({ jaccard }: { jaccard: number }): DuplicateIndex {
  if (!(jaccard > 0 && jaccard <= 1)) throw new RangeError(`jaccard must be in (0, 1], not ${jaccard}`)
  const banding = chooseBanding(jaccard)
  const tokens = createTokens()
  const signature = new Uint32Array(PERMUTATIONS)
  let rows = emptyRows(banding, 1024)
  let size = 0
  let query = 0
  let last: { text: string; shingles: Shingles } | null = null

  /** The critic asks for a text and then adds it: one reading serves both. */
  function read(text: string): Shingles {
    if (last?.text === text) return last.shingles
    readTokens(text, tokens)
    const shingles = shinglesOf(tokens)
    last = { text, shingles }
    minHash(shingles.hashes, 0, shingles.hashes.length, signature)
    return shingles
  }

  function findExact([low, high]: [number, number]): number {
    const { exactHeads, exactNext, text } = rows
    for (let row = exactHeads[low & (exactHeads.length - 1)]! - 1; row >= 0; row = exactNext[row]! - 1) {
      if (text[2 * row] === low && text[2 * row + 1] === high) return row
    }
    return -1
  }

  function verify(shingles: Shingles, row: number): number {
    const { all, values } = shingleSimilarity(shingles.hashes, rows.shingles, rows.ends[row]!, rows.ends[row + 1]!)
    const sameOrder = rows.order[row] === shingles.order
    return all >= jaccard && (sameOrder || values >= jaccard) ? all : 0
  }

  function findNear(shingles: Shingles): Duplicate | null {
    query++
    let best = -1
    let bestJaccard = 0
    let verified = 0
    for (let band = 0; band < banding.bands && verified < MAX_VERIFIED; band++) {
      const { heads, next, data, seen } = rows
      const slots = heads.length / banding.bands
      const slot = bandKey(signature, banding, band, shingles.data) & (slots - 1)
      for (let row = heads[band * slots + slot]! - 1; row >= 0; row = next[row * banding.bands + band]! - 1) {
        if (data[row] !== shingles.data || seen[row] === query) continue
        seen[row] = query
        const found = verify(shingles, row)
        if (found > bestJaccard || (found === bestJaccard && found > 0 && row < best)) {
          best = row
          bestJaccard = found
        }
        if (++verified >= MAX_VERIFIED) break
      }
    }
    return best < 0 ? null : { id: rows.ids[best]!, kind: 'near', jaccard: bestJaccard }
  }

  function link(row: number): void {
    const slots = rows.heads.length / banding.bands
    for (let band = 0; band < banding.bands; band++) {
      const slot = band * slots + (bandKey(signature, banding, band, rows.data[row]!) & (slots - 1))
      rows.next[row * banding.bands + band] = rows.heads[slot]!
      rows.heads[slot] = row + 1
    }
    const exact = rows.text[2 * row]! & (rows.exactHeads.length - 1)
    rows.exactNext[row] = rows.exactHeads[exact]!
    rows.exactHeads[exact] = row + 1
  }

  /** Twice the rows; the chains are made again from the shingles, cheaper than keeping every band's key. */
  function growRows(): void {
    const from = rows
    rows = emptyRows(banding, from.order.length * 2)
    rows.ids = from.ids
    rows.shingles = from.shingles
    for (const name of ['ends', 'data', 'order', 'text'] as const) rows[name].set(from[name])
    for (let row = 0; row < size; row++) {
      minHash(rows.shingles, rows.ends[row]!, rows.ends[row + 1]!, signature)
      link(row)
    }
    last = null
  }

  return {
    find(text) {
      const shingles = read(text)
      const exact = findExact(shingles.text)
      if (exact >= 0) return { id: rows.ids[exact]!, kind: 'exact', jaccard: 1 }
      return findNear(shingles)
    },
    add(id, text) {
      if (size === rows.order.length) growRows()
      const shingles = read(text)
      const start = rows.ends[size]!
      const end = start + shingles.hashes.length
      rows.shingles = withRoom(rows.shingles, end)
      rows.shingles.set(shingles.hashes, start)
      rows.ends[size + 1] = end
      rows.data[size] = shingles.data
      rows.order[size] = shingles.order
      rows.text.set(shingles.text, 2 * size)
      rows.ids.push(id)
      link(size++)
    },
    get size() {
      return size
    },
    bytes() {
      const arrays = Object.values(rows).filter((value) => value instanceof Uint32Array)
      return arrays.reduce((sum, array) => sum + array.byteLength, 0) + 8 * rows.ids.length
    },
  }
}

/** Row r's shingles are shingles[ends[r] .. ends[r + 1]). Chains hold row + 1, 0 ends them. */
function emptyRows({ bands }: Banding, capacity: number) {
  return {
    ids: [] as string[],
    shingles: new Uint32Array(0),
    ends: new Uint32Array(capacity + 1),
    data: new Uint32Array(capacity),
    order: new Uint32Array(capacity),
    text: new Uint32Array(2 * capacity),
    seen: new Uint32Array(capacity),
    exactHeads: new Uint32Array(capacity),
    exactNext: new Uint32Array(capacity),
    heads: new Uint32Array((bands * capacity) / 2),
    next: new Uint32Array(bands * capacity),
  }
}

function withRoom(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  if (length <= array.length) return array
  const larger = new Uint32Array(Math.max(length, Math.ceil(array.length * 1.5), 4096))
  larger.set(array)
  return larger
}
