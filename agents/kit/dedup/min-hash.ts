import { mix } from './tokens.ts'

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
