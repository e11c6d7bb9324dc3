import { createHmac } from 'node:crypto'

const purposes = [
  'text',
  'core',
  'words',
  'frame',
  'template',
  'single',
  'value',
  'order',
  'units',
  'ordinal',
  'check',
] as const
export type Purpose = (typeof purposes)[number]

/** Hashes words for one purpose; the 64-bit result is in `low` and `high` (unsigned) until the next call. */
export type KeyedHash = {
  of(words: Int32Array, count: number): void
  low: number
  high: number
}

const MIN_KEY_BYTES = 16

/** One independent SipHash key a purpose, taken from the shared key with HMAC-SHA-256. */
export function keyedHashes(key: Uint8Array): Record<Purpose, KeyedHash> {
  if (key.length < MIN_KEY_BYTES)
    throw new RangeError(`the contamination key has ${key.length} bytes, at least ${MIN_KEY_BYTES} are needed`)
  return Object.fromEntries(purposes.map((purpose) => [purpose, keyedHash(key, purpose)])) as Record<Purpose, KeyedHash>
}

/** The UTF-16 units of a string as words to hash. */
export function wordsOf(text: string): Int32Array {
  return Int32Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
}

function keyedHash(key: Uint8Array, purpose: Purpose): KeyedHash {
  const digest = createHmac('sha256', key).update(`syllabus contamination index 1 ${purpose}`).digest()
  const sipKey: SipKey = Int32Array.from({ length: 4 }, (_, i) => digest.readInt32LE(4 * i))
  const out = new Int32Array(2)
  const hash: KeyedHash = {
    low: 0,
    high: 0,
    of(words, count) {
      sipHash(sipKey, words, count, out)
      hash.low = out[0]! >>> 0
      hash.high = out[1]! >>> 0
    },
  }
  return hash
}

/** A SipHash key: 16 bytes as four little-endian 32-bit words. */
type SipKey = Int32Array

/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012) of whole 32-bit words, written to `out` as [low, high].
 *
 * The index of the evaluation items must not be enumerable by someone who guesses texts of a small template, so its
 * hashes have to be a pseudorandom function under a secret key. SipHash is that by design, for short inputs: one n-gram
 * takes a fraction of a microsecond here, HMAC-SHA-256 through node:crypto several.
 */
export function sipHash(key: SipKey, words: Int32Array, count: number, out: Int32Array): void {
  let v0l = key[0]! ^ 0x70736575
  let v0h = key[1]! ^ 0x736f6d65
  let v1l = key[2]! ^ 0x6e646f6d
  let v1h = key[3]! ^ 0x646f7261
  let v2l = key[0]! ^ 0x6e657261
  let v2h = key[1]! ^ 0x6c796765
  let v3l = key[2]! ^ 0x79746573
  let v3h = key[3]! ^ 0x74656462
  const blocks = (count >> 1) + 1
  for (let block = 0; block <= blocks; block++) {
    const finish = block === blocks
    let ml = 0
    let mh = 0
    let rounds = 2
    if (finish) {
      v2l ^= 0xff
      rounds = 4
    } else {
      const odd = block === blocks - 1
      ml = odd ? ((count & 1) === 1 ? words[count - 1]! : 0) : words[2 * block]!
      mh = odd ? (count * 4) << 24 : words[2 * block + 1]!
      v3l ^= ml
      v3h ^= mh
    }
    for (; rounds > 0; rounds--) {
      let low = (v0l + v1l) | 0
      v0h = (v0h + v1h + (low >>> 0 < v0l >>> 0 ? 1 : 0)) | 0
      v0l = low
      let turned = (v1l << 13) | (v1h >>> 19)
      v1h = ((v1h << 13) | (v1l >>> 19)) ^ v0h
      v1l = turned ^ v0l
      turned = v0l
      v0l = v0h
      v0h = turned
      low = (v2l + v3l) | 0
      v2h = (v2h + v3h + (low >>> 0 < v2l >>> 0 ? 1 : 0)) | 0
      v2l = low
      turned = (v3l << 16) | (v3h >>> 16)
      v3h = ((v3h << 16) | (v3l >>> 16)) ^ v2h
      v3l = turned ^ v2l
      low = (v0l + v3l) | 0
      v0h = (v0h + v3h + (low >>> 0 < v0l >>> 0 ? 1 : 0)) | 0
      v0l = low
      turned = (v3l << 21) | (v3h >>> 11)
      v3h = ((v3h << 21) | (v3l >>> 11)) ^ v0h
      v3l = turned ^ v0l
      low = (v2l + v1l) | 0
      v2h = (v2h + v1h + (low >>> 0 < v2l >>> 0 ? 1 : 0)) | 0
      v2l = low
      turned = (v1l << 17) | (v1h >>> 15)
      v1h = ((v1h << 17) | (v1l >>> 15)) ^ v2h
      v1l = turned ^ v2l
      turned = v2l
      v2l = v2h
      v2h = turned
    }
    if (!finish) {
      v0l ^= ml
      v0h ^= mh
    }
  }
  out[0] = v0l ^ v1l ^ v2l ^ v3l
  out[1] = v0h ^ v1h ^ v2h ^ v3h
}
