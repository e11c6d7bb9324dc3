import { sampleOf } from '../../agents/kit/sample.ts'
import type { EmbeddedDiversity } from '../../schemas/embedding.ts'
import type { Row } from '../../schemas/row.ts'
import { meanDistance } from './distance.ts'
import { type Embedder, EmbeddingFailed } from './embedder.ts'

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
