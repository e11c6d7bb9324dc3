import { createHmac } from 'node:crypto'
import { type SipKey, sipHash } from './sip-hash.ts'

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
  if (key.length < MIN_KEY_BYTES) {
    throw new RangeError(`the contamination key has ${key.length} bytes, at least ${MIN_KEY_BYTES} are needed`)
  }
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
