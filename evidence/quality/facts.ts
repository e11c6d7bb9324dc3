import { z } from 'zod'
import { EmbeddedDiversity } from '../../schemas/embedding.ts'
import { PerplexityResult } from '../../schemas/runtime-protocol.ts'

const count = z.number().int().nonnegative()

export const Diversity = z.object({
  words: count,
  vocabulary: count,
  /** Different words of all words, and different pairs of neighbours of all pairs. */
  distinct1: z.number(),
  distinct2: z.number().nullable(),
  /** How alike two texts are in the mean, from 0 to 1; null for fewer than two. */
  selfOverlap: z.number().nullable(),
})
export type Diversity = z.infer<typeof Diversity>

/** Means over rows; `levels` and `level` null where not every row states its own. */
export const MeanDifficulty = z.object({
  levels: z.array(z.object({ level: z.number().int(), rows: count })).nullable(),
  level: z.number().nullable(),
  questionWords: z.number(),
  questionNumbers: z.number(),
  replyWords: z.number(),
  replyNumbers: z.number(),
})
export type MeanDifficulty = z.infer<typeof MeanDifficulty>

export const Coverage = z.object({
  covered: z.number(),
  overlap: z.number(),
  entropy: z.number(),
  validationEntropy: z.number(),
})
export type Coverage = z.infer<typeof Coverage>

/** Rows that a judge scored, from 1 to 5. */
export const Judged = z.object({ rows: count, mean: z.number(), lowest: z.number(), models: z.array(z.string()) })
export type Judged = z.infer<typeof Judged>

/** The quality of one attempt's dataset; what needs its rows is null where they could not be read. Attempt 0 is the uniform control. */
export const DatasetQuality = z.object({
  attempt: count,
  rows: count.nullable(),
  difficulty: MeanDifficulty.nullable(),
  questions: Diversity.nullable(),
  replies: Diversity.nullable(),
  /** Of the replies under the base student, before training; null where no training measured it. */
  perplexity: PerplexityResult.extend({ value: z.number() }).nullable(),
  judged: Judged.nullable(),
  /** How far apart rows lie by their embeddings; null where no embedder was configured. */
  embedding: EmbeddedDiversity.nullable().default(null),
  /** Rows with a check of a teacher's, by its name. */
  checks: z.record(z.string(), count),
  coverage: Coverage.nullable(),
  /** Candidates refused because they repeat an item, and admitted rows that share the template of one. */
  contamination: z.object({ validation: count, sealed: count, retention: count.default(0), templates: count }),
})
export type DatasetQuality = z.infer<typeof DatasetQuality>
