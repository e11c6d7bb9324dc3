import { minHash, PERMUTATIONS, shinglesOf } from '../../agents/kit/dedup/shingles.ts'
import { readTokens } from '../../agents/kit/dedup/text.ts'
import { createTokens } from '../../agents/kit/dedup/tokens.ts'
import { sampleOf } from '../../agents/kit/sample.ts'
import type { Diversity } from './facts.ts'

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
