import { createMatcher, matchedSpan } from './gram-match.ts'
import { createGrams, type Grams, readGrams, templateGram } from './grams.ts'
import { type ContaminationFacts, decodeIndex, encodeIndex } from './index-format.ts'
import { type EvaluationSplit, hashed, type ItemFacts, itemFactsOf, templateGrams, valuesOf } from './item-facts.ts'
import { type KeyedHash, keyedHashes, type Purpose, wordsOf } from './keyed-hash.ts'
import { createShortMatcher, hasSameData } from './short-match.ts'
import { readTokens } from './text.ts'
import { createTokens } from './tokens.ts'

export type EvaluationItem = { id: string; split: EvaluationSplit; text: string; coreKey?: string }

export type Contamination = {
  split: EvaluationSplit
  /** The whole text, the same core, or the item's words (or its frame under other names) with its data. */
  how: 'exact' | 'core' | 'ngram'
  /** The item's ordinal in the index; only `itemIdsByOrdinal` leads back to an id. */
  item: number
  /** The matched part of the row's text, [start, end). */
  span: [number, number]
  /** Of the item's grams, the share found in the row. */
  share: number
}

export type ContaminationIndex = {
  /** `alike`: the row repeats no item but shares the template of one. */
  screen(row: { text: string; coreKey?: string | undefined }): { hit: Contamination | null; alike: boolean }
  /** The hit of `screen` alone. Items of which `skip` says so are passed over: to compare items with each other. */
  check(row: { text: string; coreKey?: string | undefined }, skip?: (item: number) => boolean): Contamination | null
  /** Rows that passed though they share the template of an item: other numbers, hence another problem. */
  readonly templateOverlap: number
}

/**
 * The index of the evaluation items that may be published: keyed hashes and counts, no text and no id. Whoever holds the
 * key (the critic) could test guesses against it; whoever does not learns only the number and length of the items.
 * @param key at least 16 secret bytes, shared by the evaluator and the critic.
 */
export function buildContaminationIndex(items: readonly EvaluationItem[], key: Uint8Array): Uint8Array {
  const hashes = keyedHashes(key)
  const tokens = createTokens()
  const template = new Set<number>()
  const facts = inOrdinalOrder(items, key).map((item) => {
    readTokens(item.text, tokens)
    for (const gram of templateGrams(tokens, hashes.template)) template.add(gram)
    return itemFactsOf(tokens, item, hashes)
  })
  return encodeIndex({ items: facts, template: Uint32Array.from(template).sort() }, hashes)
}

/**
 * An index of items to compare them with each other, in this process: it is never published, so that no key hides anything, and an item's
 * ordinal is its place. It knows no templates.
 * @param share as for `openContaminationIndex`.
 */
export function indexItems(items: readonly EvaluationItem[], share: number): Pick<ContaminationIndex, 'check'> {
  const hashes = keyedHashes(Buffer.alloc(32))
  const tokens = createTokens()
  const facts = items.map((item) => {
    readTokens(item.text, tokens)
    return itemFactsOf(tokens, item, hashes)
  })
  return openFacts({ items: facts, template: none }, hashes, share)
}

/** The ids of the items by their ordinals in the index of the same items and key: for the evaluator's own records. */
export function itemIdsByOrdinal(items: readonly EvaluationItem[], key: Uint8Array): string[] {
  return inOrdinalOrder(items, key).map(({ id }) => id)
}

/**
 * Opens a published index to check rows against it.
 * @param share of an item's three-word grams that a row must have, together with the item's data, to be refused: 0 to 1.
 * @throws when the bytes are not an index or were made with another key.
 */
export function openContaminationIndex(
  bytes: Uint8Array,
  key: Uint8Array,
  { share }: { share: number },
): ContaminationIndex {
  const hashes = keyedHashes(key)
  return openFacts(decodeIndex(bytes, hashes), hashes, share)
}

function openFacts(
  { items, template }: ContaminationFacts,
  hashes: Record<Purpose, KeyedHash>,
  wanted: number,
): ContaminationIndex {
  if (!(wanted > 0 && wanted <= 1)) throw new RangeError(`share must be in (0, 1], not ${wanted}`)
  const texts = lookup(items, 'text')
  const cores = lookup(items, 'core')
  const templates = new Set(template)
  const families = {
    words: { matcher: createMatcher(items.map(({ words }) => words)), grams: createGrams() },
    frame: { matcher: createMatcher(items.map((item) => (hasFrame(item) ? item.frame : none))), grams: createGrams() },
  }
  const matchShort = createShortMatcher(items, hashes)
  const tokens = createTokens()
  let templateOverlap = 0

  function hit(item: number, found: Omit<Contamination, 'split' | 'item'>): Contamination {
    return { split: items[item]!.split, item, ...found }
  }

  function bestMatch(skip: (item: number) => boolean): { found: Contamination | null; alike: boolean } {
    let found: Contamination | null = null
    let alike = false
    let values: Int32Array | null = null
    for (const name of ['words', 'frame'] as const) {
      const { matcher, grams } = families[name]
      readGrams(tokens, name, hashes[name], grams)
      for (const item of matcher.candidates(grams, wanted)) {
        if (skip(item)) continue
        const facts = items[item]!
        const overlap = matcher.overlap(grams, item)
        if (overlap.share < (name === 'frame' ? frameShare : wordShare)(facts, wanted)) continue
        values ??= valuesOf(tokens)
        if (!hasSameData(facts, { tokens, values, grams, places: overlap.places }, hashes)) {
          alike = true
        } else if (!found || overlap.share > found.share || (overlap.share === found.share && item < found.item)) {
          found = hit(item, { how: 'ngram', span: matchedSpan(overlap, grams, tokens), share: overlap.share })
        }
      }
      if (found) break
    }
    const short = found ? null : matchShort(tokens, wanted, skip)
    if (short) found = hit(short.item, { how: 'ngram', span: short.span, share: short.share })
    return { found, alike }
  }

  /** The share of the row's grams, values masked, that occur in any item. */
  function templateShare(grams: Grams): number {
    let known = 0
    for (let i = 0; i < grams.count; i++) {
      const masked = templateGram(tokens, i, hashes.template)
      if (masked === 0 ? families.words.matcher.table.find(grams.hash[i]!) >= 0 : templates.has(masked)) known++
    }
    return grams.count === 0 ? 0 : known / grams.count
  }

  function screen(
    { text, coreKey }: { text: string; coreKey?: string | undefined },
    skip: (item: number) => boolean,
  ): ReturnType<ContaminationIndex['screen']> {
    readTokens(text, tokens)
    if (tokens.count > 0) {
      const exact = texts(hashed(hashes.text, tokens.hash, tokens.count), skip)
      if (exact !== undefined) {
        const span: [number, number] = [tokens.start[0]!, tokens.end[tokens.count - 1]!]
        return { hit: hit(exact, { how: 'exact', span, share: 1 }), alike: false }
      }
    }
    if (coreKey !== undefined) {
      const core = cores(hashed(hashes.core, wordsOf(coreKey), coreKey.length), skip)
      if (core !== undefined) return { hit: hit(core, { how: 'core', span: [0, text.length], share: 1 }), alike: false }
    }
    const { found, alike } = bestMatch(skip)
    if (found) return { hit: found, alike: false }
    const isAlike = alike || templateShare(families.words.grams) >= wanted
    if (isAlike) templateOverlap++
    return { hit: null, alike: isAlike }
  }

  return {
    screen: (row) => screen(row, () => false),
    check: (row, skip = () => false) => screen(row, skip).hit,
    get templateOverlap() {
      return templateOverlap
    },
  }
}

/** By the keyed hash of the id, so that an ordinal says nothing about an item's place in the task's files. */
function inOrdinalOrder(items: readonly EvaluationItem[], key: Uint8Array): EvaluationItem[] {
  const { ordinal } = keyedHashes(key)
  return items
    .map((item) => ({ item, place: hashed(ordinal, wordsOf(item.id), item.id.length) }))
    .sort((a, b) => a.place[0] - b.place[0] || a.place[1] - b.place[1])
    .map(({ item }) => item)
}

const none = new Uint32Array(0)

/** A frame says something only with data in it and some length. */
function hasFrame({ tellingValues, frame }: ItemFacts): boolean {
  return tellingValues >= 2 ? frame.length >= 3 : tellingValues === 1 && frame.length >= 6
}

/**
 * Questions of a retention set are short, without numbers and of few templates ("What is the capital of France?"): a row is another
 * question when one word differs.
 */
function wordShare({ split, values }: ItemFacts, wanted: number): number {
  return split === 'retention' && values === 0 ? Math.max(wanted, 0.9) : wanted
}

/** With a single telling value the frame must be nearly whole: many problems have one number and ask "how many". */
function frameShare({ tellingValues }: ItemFacts, wanted: number): number {
  return tellingValues === 1 ? Math.max(wanted, 0.9) : wanted
}

function lookup(
  items: readonly ItemFacts[],
  name: 'text' | 'core',
): (hash: [number, number], skip: (item: number) => boolean) => number | undefined {
  const byLow = new Map<number, number[]>()
  for (const [ordinal, item] of items.entries()) {
    const [low, high] = item[name]
    if (low === 0 && high === 0) continue
    byLow.set(low, [...(byLow.get(low) ?? []), ordinal])
  }
  return ([low, high], skip) => byLow.get(low)?.find((ordinal) => items[ordinal]![name][1] === high && !skip(ordinal))
}
