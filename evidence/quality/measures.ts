import { minHash, PERMUTATIONS, shinglesOf } from '../../agents/kit/dedup/shingles.ts'
import { readTokens } from '../../agents/kit/dedup/text.ts'
import { createTokens } from '../../agents/kit/dedup/tokens.ts'
import { sampleOf } from '../../agents/kit/sample.ts'
import type { Row } from '../../schemas/row.ts'
import type { Coverage, Diversity, MeanDifficulty } from './facts.ts'

/**
 * How a dataset's skills stand to validation's. `covered`: the share of validation's items whose skill has rows. `overlap`: the share
 * of the two mixes that is the same, 1 less their total variation distance. Entropies in bits. Null where either is empty.
 */
export function coverageOf(
  mix: Readonly<Record<string, number>>,
  validation: Readonly<Record<string, number>>,
): Coverage | null {
  const [own, wanted] = [sharesOf(mix), sharesOf(validation)]
  if (own.size === 0 || wanted.size === 0) return null
  const items = Object.entries(validation)
  const asked = items.reduce((sum, [, count]) => sum + count, 0)
  const covered = items.reduce((sum, [skill, count]) => sum + (own.has(skill) ? count : 0), 0) / asked
  const overlap = [...wanted].reduce((sum, [skill, share]) => sum + Math.min(share, own.get(skill) ?? 0), 0)
  return { covered, overlap, entropy: entropyOf(own), validationEntropy: entropyOf(wanted) }
}

function sharesOf(counts: Readonly<Record<string, number>>): Map<string, number> {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return new Map(Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [[name, count / total]] : [])))
}

function entropyOf(shares: ReadonlyMap<string, number>): number {
  return [...shares.values()].reduce((sum, share) => sum - share * Math.log2(share), 0)
}

const number = /\d+(?:[.,]\d+)*/g
const word = /[\p{L}\p{N}]+/gu

/**
 * How hard a dataset's rows are. Where every row states its level, the levels; beside them, and without them, what goes with
 * difficulty: the length of question and reply, and the numbers in them. Null without rows.
 */
export function difficultyOf(rows: readonly Row[]): MeanDifficulty | null {
  if (rows.length === 0) return null
  const mean = (of: (row: Row) => number) => rows.reduce((sum, row) => sum + of(row), 0) / rows.length
  const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0
  const levels = new Map<number, number>()
  for (const { origin } of rows) {
    if (origin.difficulty !== undefined) levels.set(origin.difficulty, (levels.get(origin.difficulty) ?? 0) + 1)
  }
  const stated = [...levels.values()].reduce((sum, rowsOf) => sum + rowsOf, 0)
  return {
    levels:
      stated === rows.length
        ? [...levels].sort(([one], [other]) => one - other).map(([level, rowsOf]) => ({ level, rows: rowsOf }))
        : null,
    level: stated === rows.length ? mean(({ origin }) => origin.difficulty!) : null,
    questionWords: mean(({ input }) => count(input, word)),
    questionNumbers: mean(({ input }) => count(input, number)),
    replyWords: mean(({ output }) => count(output, word)),
    replyNumbers: mean(({ output }) => count(output, number)),
  }
}

/** Texts whose likeness is estimated; the cost is that of every pair of them. */
const mostAlike = 128

/**
 * How varied texts are, by their words as the critic normalises them: distinct-1 and distinct-2 (Li et al. 2016, "A diversity-promoting
 * objective function for neural conversation models"; distinct-1 is the type-token ratio) and the likeness of two texts. The first two
 * fall with the number of words, so they compare datasets of like size. Linear in the texts. Null where there are no words.
 */
export function diversityOf(texts: readonly string[], seed: number): Diversity | null {
  const tokens = createTokens()
  const [words, pairs] = [new Set<number>(), new Set<number>()]
  let [wordCount, pairCount] = [0, 0]
  for (const text of texts) {
    readTokens(text, tokens)
    const { count, hash } = tokens
    for (let i = 0; i < count; i++) words.add(hash[i]!)
    for (let i = 1; i < count; i++) pairs.add((hash[i - 1]! >>> 0) * 2 ** 21 + (hash[i]! & 0x1fffff))
    wordCount += count
    pairCount += Math.max(0, count - 1)
  }
  if (wordCount === 0) return null
  return {
    words: wordCount,
    vocabulary: words.size,
    distinct1: words.size / wordCount,
    distinct2: pairCount === 0 ? null : pairs.size / pairCount,
    selfOverlap: selfOverlap(sampleOf(texts, mostAlike, seed)),
  }
}

/** The mean Jaccard similarity of two different texts' three-word shingles, from MinHash signatures. */
function selfOverlap(texts: readonly string[]): number | null {
  if (texts.length < 2) return null
  const tokens = createTokens()
  const signatures = texts.map((text) => {
    readTokens(text, tokens)
    const { hashes } = shinglesOf(tokens)
    const signature = new Uint32Array(PERMUTATIONS)
    minHash(hashes, 0, hashes.length, signature)
    return signature
  })
  let same = 0
  for (let i = 0; i < signatures.length; i++) {
    for (let k = 0; k < i; k++) {
      for (let p = 0; p < PERMUTATIONS; p++) same += Number(signatures[i]![p] === signatures[k]![p])
    }
  }
  return same / ((PERMUTATIONS * signatures.length * (signatures.length - 1)) / 2)
}
