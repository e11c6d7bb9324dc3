import type { KeyedHash } from './keyed-hash.ts'
import { tokenKinds } from './lexicon.ts'
import { hashToken, type Tokens } from './tokens.ts'

/** Words in a gram. Three: sentences of six words keep most of theirs when they are reordered. */
export const GRAM_WORDS = 3

/** The grams of a text at their places: gram i covers the tokens at[i] to at[i + GRAM_WORDS - 1]. */
export type Grams = {
  count: number
  hash: Uint32Array
  /** Token indexes, of which a gram takes some in a row. */
  at: Int32Array
  atCount: number
}

/** Room for the grams of one text after the other; it grows with the longest. */
export const createGrams = (): Grams => ({ count: 0, hash: new Uint32Array(256), at: new Int32Array(256), atCount: 0 })

/**
 * Reads the grams of all words, or of the frame: the text without its open-class words (names, things, verbs), which
 * stays the same when the same problem is written about other people and things.
 */
export function readGrams(tokens: Tokens, of: 'words' | 'frame', keyed: KeyedHash, grams: Grams): void {
  if (grams.at.length < tokens.count) {
    grams.at = new Int32Array(2 * tokens.count)
    grams.hash = new Uint32Array(2 * tokens.count)
  }
  let n = 0
  for (let i = 0; i < tokens.count; i++) if (of === 'words' || tokens.kind[i] !== tokenKinds.open) grams.at[n++] = i
  grams.atCount = n
  grams.count = n === 0 ? 0 : Math.max(1, n - GRAM_WORDS + 1)
  for (let i = 0; i < grams.count; i++) {
    const last = Math.min(i + GRAM_WORDS, n)
    for (let k = i; k < last; k++) scratch[k - i] = tokens.hash[grams.at[k]!]!
    keyed.of(scratch, last - i)
    grams.hash[i] = keyed.low || 1
  }
}

/** The gram at `i` of all words with its values masked, or 0 when it has none (then it is its own template). */
export function templateGram(tokens: Tokens, i: number, keyed: KeyedHash): number {
  const last = Math.min(i + GRAM_WORDS, tokens.count)
  let masked = false
  for (let k = i; k < last; k++) {
    const isValue = tokens.kind[k] === tokenKinds.value
    scratch[k - i] = isValue ? mask : tokens.hash[k]!
    masked ||= isValue
  }
  if (!masked) return 0
  keyed.of(scratch, last - i)
  return keyed.low || 1
}

const scratch = new Int32Array(GRAM_WORDS)
const mask = hashToken('#', tokenKinds.value)

/** Items of at most this many tokens have their single words in the index. */
const SHORT_TOKENS = 24

/** The distinct words of a short text with at least two telling values; none of any other. */
export function singlesOf(tokens: Tokens, tellingValues: number, keyed: KeyedHash): Uint32Array {
  if (tokens.count > SHORT_TOKENS || tellingValues < 2) return new Uint32Array(0)
  const words = new Set<number>()
  for (let i = 0; i < tokens.count; i++) if (tokens.kind[i] !== tokenKinds.value) words.add(singleOf(tokens, i, keyed))
  return Uint32Array.from(words).sort()
}

/** One word hashed by itself. */
export function singleOf(tokens: Tokens, i: number, keyed: KeyedHash): number {
  one[0] = tokens.hash[i]!
  keyed.of(one, 1)
  return keyed.low
}

const one = new Int32Array(1)
