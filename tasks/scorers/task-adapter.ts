import { z } from 'zod'
import type { BenchmarkMode, LineScore } from './benchmark.ts'
import type { Scorer } from './scorer.ts'

/** Scores a reply against a gold that is one text. */
export type PlainScore = (response: string, gold: string, mode: BenchmarkMode) => LineScore

const NoOptions = z.strictObject({})

/**
 * A benchmark's scorer as a task names it: `strict` is the official verdict, `lenient` the normalised one. A reply that is
 * only right in the second way says so.
 */
export function taskScorer(name: string, score: PlainScore, inForm: (answer: string) => string): Scorer {
  return {
    name,
    options: NoOptions,
    score(response, gold) {
      const official = score(response, gold, 'official')
      const normalised = score(response, gold, 'normalised')
      const extracted = official.extracted ?? normalised.extracted
      const reason = normalised.correct && !official.correct ? `normalised only: ${official.reason}` : official.reason
      return { strict: official.correct, lenient: normalised.correct, extracted, reason }
    },
    inForm,
  }
}
