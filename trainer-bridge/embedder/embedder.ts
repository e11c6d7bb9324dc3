import { sampleOf } from '../../agents/kit/sample.ts'
import type { EmbeddedDiversity } from '../../schemas/embedding.ts'
import type { Row } from '../../schemas/row.ts'

/** Texts as vectors of length one, and what that took. */
export type Embedded = { vectors: number[][]; requests: number; tokens: number | null }

export interface Embedder {
  /** As reports name it. */
  readonly name: string
  /**
   * One vector a text.
   * @throws EmbeddingFailed; another where the runtime died or the signal was aborted
   */
  embed(texts: readonly string[], signal: AbortSignal): Promise<Embedded>
}

/** An embedder that could not: a training goes on without its measure. `requests`: what was sent in vain. */
export class EmbeddingFailed extends Error {
  readonly requests: number

  constructor(message: string, requests = 0) {
    super(message)
    this.name = 'EmbeddingFailed'
    this.requests = requests
  }
}

/**
 * 1 less the mean cosine of two different vectors, of length one each. The sum of all products is the square of the vectors' sum, so
 * this is linear in them. Null for fewer than two.
 *
 * The mean cosine of sentence embeddings over pairs is the embedding measure (sent-BERT) of Tevet & Berant 2021, "Evaluating the
 * Evaluation of Diversity in Natural Language Generation".
 */
export function meanDistance(vectors: readonly (readonly number[])[]): number | null {
  const n = vectors.length
  if (n < 2) return null
  const sum = new Float64Array(vectors[0]!.length)
  let own = 0
  for (const vector of vectors) {
    for (const [i, value] of vector.entries()) {
      sum[i]! += value
      own += value * value
    }
  }
  const all = sum.reduce((total, value) => total + value * value, 0)
  return 1 - (all - own) / (n * (n - 1))
}

/** The vector with length one; one of zeros stays. */
export function normalised(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector)
  return length === 0 ? [...vector] : vector.map((value) => value / length)
}

/** How varied the questions and the replies of at most `most` rows are. An embedder that fails costs the measure alone. */
export async function embeddedDiversity(
  embedder: Embedder,
  rows: readonly Row[],
  most: number,
  signal: AbortSignal,
): Promise<EmbeddedDiversity> {
  const sample = sampleOf(rows, most, 0)
  const texts = [...sample.map(({ input }) => input), ...sample.map(({ output }) => output)]
  const about = { embedder: embedder.name, rows: sample.length }
  try {
    const { vectors, requests, tokens } = await embedder.embed(texts, signal)
    const questions = meanDistance(vectors.slice(0, sample.length))
    const replies = meanDistance(vectors.slice(sample.length))
    return { ...about, questions, replies, requests, tokens, failure: null }
  } catch (error) {
    if (!(error instanceof EmbeddingFailed)) throw error
    const none = { questions: null, replies: null, tokens: null }
    return { ...about, ...none, requests: error.requests, failure: error.message }
  }
}
