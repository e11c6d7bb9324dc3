/** Texts as vectors of length one, and what that took. */
export type Embedded = { vectors: number[][]; requests: number; tokens: number | null }

export interface Embedder {
  /** As reports name it. */
  readonly name: string
  /** One vector a text. Errors: EmbeddingFailed; another where the runtime died or the signal was aborted. */
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
