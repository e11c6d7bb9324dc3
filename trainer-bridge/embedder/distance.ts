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
