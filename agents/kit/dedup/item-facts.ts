import { createGrams, readGrams, singlesOf, templateGram } from './grams.ts'
import { type KeyedHash, type Purpose, wordsOf } from './keyed-hash.ts'
import { tokenKinds } from './lexicon.ts'
import { hashToken, type Tokens } from './tokens.ts'

/** What rows may not repeat: `sealed` is the test and the audit's file. Their order is the index file's. */
export const evaluationSplits = ['validation', 'sealed', 'retention'] as const
export type EvaluationSplit = (typeof evaluationSplits)[number]

/** What the index keeps of one item: keyed hashes and counts. Grams are sorted, so their order in the text is lost. */
export type ItemFacts = {
  split: EvaluationSplit
  /** 64 bits, low and high, of the normalised text; of the core's key, or zeros. */
  text: [number, number]
  core: [number, number]
  values: number
  /** How many different values there are besides -1, 0, 1 and 2, which any text and any program may have. */
  tellingValues: number
  /** The sum of the values' 64-bit hashes, half by half: a multiset hash. */
  valueSum: [number, number]
  /** Of the values in their order. */
  order: [number, number]
  /** The set of units, hidden with a keyed pad in the file. */
  units: [number, number]
  words: Uint32Array
  frame: Uint32Array
  /** Of a short item, its single words. */
  singles: Uint32Array
}

type Hashes = Record<Purpose, KeyedHash>

/** What a row is compared with of an item whose text was read into `tokens`. */
export function itemFactsOf(
  tokens: Tokens,
  item: { split: EvaluationSplit; coreKey?: string },
  hashes: Hashes,
): ItemFacts {
  const values = valuesOf(tokens)
  const tellingValues = new Set(values.filter((value) => !trivial.has(value))).size
  const core = item.coreKey === undefined ? undefined : wordsOf(item.coreKey)
  return {
    split: item.split,
    text: tokens.count === 0 ? [0, 0] : hashed(hashes.text, tokens.hash, tokens.count),
    core: core === undefined ? [0, 0] : hashed(hashes.core, core, core.length),
    values: values.length,
    tellingValues,
    valueSum: values.reduce((sum, value) => addValue(sum, value, hashes.value), [0, 0] as [number, number]),
    order: hashed(hashes.order, values, values.length),
    units: [tokens.units[0] >>> 0, tokens.units[1] >>> 0],
    words: distinct(tokens, 'words', hashes),
    frame: distinct(tokens, 'frame', hashes),
    singles: singlesOf(tokens, tellingValues, hashes.single),
  }
}

/** The template grams of a text: those of all words that have a value, masked. */
export function templateGrams(tokens: Tokens, keyed: KeyedHash): number[] {
  const found: number[] = []
  for (let i = 0; i < tokens.count; i++) {
    const gram = templateGram(tokens, i, keyed)
    if (gram !== 0) found.push(gram)
  }
  return found
}

/** The hashes of a text's values, in order. */
export function valuesOf(tokens: Tokens): Int32Array {
  const values: number[] = []
  for (let i = 0; i < tokens.count; i++) if (tokens.kind[i] === tokenKinds.value) values.push(tokens.hash[i]!)
  return Int32Array.from(values)
}

/** The sum with the hash of one more value, each half modulo 2^32: it does not depend on their order. */
export function addValue([low, high]: [number, number], value: number, keyed: KeyedHash): [number, number] {
  one[0] = value
  keyed.of(one, 1)
  return [(low + keyed.low) >>> 0, (high + keyed.high) >>> 0]
}

/** The keyed hash of the first `count` words, as two halves. */
export function hashed(keyed: KeyedHash, words: Int32Array, count: number): [number, number] {
  keyed.of(words, count)
  return [keyed.low, keyed.high]
}

/** The different grams, rising. */
function distinct(tokens: Tokens, of: 'words' | 'frame', hashes: Hashes): Uint32Array {
  readGrams(tokens, of, hashes[of], grams)
  // Within the one array: a set of them for each of thousands of items is collected too late.
  const sorted = grams.hash.subarray(0, grams.count).sort()
  let count = 0
  for (const gram of sorted) if (count === 0 || gram !== sorted[count - 1]) sorted[count++] = gram
  return sorted.slice(0, count)
}

const grams = createGrams()

const trivial = new Set(['-1', '0', '1', '2'].map((text) => hashToken(text, tokenKinds.value)))
const one = new Int32Array(1)
