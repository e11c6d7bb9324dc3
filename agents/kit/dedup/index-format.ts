import { evaluationSplits, type ItemFacts } from './item-facts.ts'
import type { KeyedHash, Purpose } from './keyed-hash.ts'

/** The published index, decoded. Items stand at their ordinals. */
export type ContaminationFacts = { items: ItemFacts[]; template: Uint32Array }

const MAGIC = 0x49435953 // "SYCI"
const VERSION = 1
const HEADER_WORDS = 6
const ITEM_WORDS = 16

/**
 * Little-endian 32-bit words: magic, version, items, template grams, two words that prove the key; 16 words an item
 * (split, text, core, values, valueSum, order, padded units, gram counts, telling values, single
 * words); each item's grams of words and of the frame and its single words;
 * the template grams. It shows how many items there are, their split and how long they are, and nothing of their text.
 */
export function encodeIndex({ items, template }: ContaminationFacts, hashes: Record<Purpose, KeyedHash>): Uint8Array {
  const grams = items.reduce((sum, { words, frame, singles }) => sum + words.length + frame.length + singles.length, 0)
  const out = new Uint32Array(HEADER_WORDS + ITEM_WORDS * items.length + grams + template.length)
  out.set([MAGIC, VERSION, items.length, template.length, ...keyProof(hashes)])
  let at = HEADER_WORDS
  for (const [ordinal, item] of items.entries()) {
    const pad = unitsPad(ordinal, hashes)
    out.set(
      [evaluationSplits.indexOf(item.split), ...item.text, ...item.core, item.values, ...item.valueSum, ...item.order],
      at,
    )
    out.set([item.units[0] ^ pad[0], item.units[1] ^ pad[1], item.words.length, item.frame.length], at + 10)
    out.set([item.tellingValues, item.singles.length], at + 14)
    at += ITEM_WORDS
  }
  for (const grams of [...items.flatMap(({ words, frame, singles }) => [words, frame, singles]), template]) {
    out.set(grams, at)
    at += grams.length
  }
  const bytes = new DataView(new ArrayBuffer(4 * out.length))
  for (const [i, word] of out.entries()) bytes.setUint32(4 * i, word, true)
  return new Uint8Array(bytes.buffer)
}

/** The index cannot be read with this key. */
export class OtherKeyError extends Error {
  constructor() {
    super('the contamination index was made with another key')
    this.name = 'OtherKeyError'
  }
}

/** Throws when the bytes are no index of this version or are cut; OtherKeyError. */
export function decodeIndex(bytes: Uint8Array, hashes: Record<Purpose, KeyedHash>): ContaminationFacts {
  if (bytes.length % 4 !== 0 || bytes.length < 4 * HEADER_WORDS) throw new Error('the contamination index is cut')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const words = Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true))
  const [magic, version, count, templates, proofLow, proofHigh] = words as unknown as number[]
  if (magic !== MAGIC) throw new Error('this is no contamination index')
  if (version !== VERSION) throw new Error(`contamination index version ${version}, this program reads ${VERSION}`)
  const proof = keyProof(hashes)
  if (proofLow !== proof[0] || proofHigh !== proof[1]) throw new OtherKeyError()
  const headEnd = HEADER_WORDS + ITEM_WORDS * count!
  if (headEnd > words.length) throw new Error('the contamination index is cut')
  let at = headEnd
  const take = (length: number): Uint32Array => {
    at += length
    return words.subarray(at - length, at)
  }
  const items: ItemFacts[] = []
  for (let ordinal = 0; ordinal < count!; ordinal++) {
    const head = words.subarray(HEADER_WORDS + ITEM_WORDS * ordinal, HEADER_WORDS + ITEM_WORDS * (ordinal + 1))
    const pair = (i: number): [number, number] => [head[i]!, head[i + 1]!]
    const pad = unitsPad(ordinal, hashes)
    items.push({
      split: splitOf(head[0]!),
      text: pair(1),
      core: pair(3),
      values: head[5]!,
      tellingValues: head[14]!,
      valueSum: pair(6),
      order: pair(8),
      units: [head[10]! ^ pad[0], head[11]! ^ pad[1]],
      words: take(head[12]!),
      frame: take(head[13]!),
      singles: take(head[15]!),
    })
  }
  const template = take(templates!)
  if (at !== words.length) throw new Error('the contamination index is cut')
  return { items, template }
}

function splitOf(code: number): ItemFacts['split'] {
  const split = evaluationSplits[code]
  if (!split) throw new Error(`the contamination index has an item of split ${code}, which this program does not know`)
  return split
}

function keyProof({ check }: Record<Purpose, KeyedHash>): [number, number] {
  check.of(new Int32Array(1), 1)
  return [check.low, check.high]
}

function unitsPad(ordinal: number, { units }: Record<Purpose, KeyedHash>): [number, number] {
  units.of(Int32Array.of(ordinal), 1)
  return [units.low, units.high]
}
