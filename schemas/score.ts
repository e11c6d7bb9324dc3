import { z } from 'zod'

/** Right answers out of items. */
export const Tally = z.object({ correct: z.number().int().nonnegative(), total: z.number().int().nonnegative() })
export type Tally = z.infer<typeof Tally>

/** Strict: the boxed number only. Lenient: else the last number. */
export const Score = z.object({ strict: Tally, lenient: Tally })
export type Score = z.infer<typeof Score>

/** The score of one student model on one split. `truncated` counts replies that reached the token limit. */
export const ScoreSheet = z.object({
  overall: Score,
  byPart: z.record(z.string(), Score),
  bySkill: z.record(z.string(), Score),
  truncated: z.number().int().nonnegative(),
  /** Replies that are no answers; left out where there are none. */
  noAnswer: z.number().int().positive().optional(),
  /** Replies with the student model's modal answer; left out where no answer comes twice. */
  modal: z.number().int().positive().optional(),
})
export type ScoreSheet = z.infer<typeof ScoreSheet>

/**
 * Why a reply that is not right is no answer at all. `truncated`: it reached the token limit. `echo`: it is the question. `formless`: the
 * task's scorer reads no answer in it, or none of the task's labels.
 */
export const NoAnswer = z.enum(['empty', 'truncated', 'echo', 'formless'])
export type NoAnswer = z.infer<typeof NoAnswer>

/** What became of one item; carries no question and no answer. */
export const ItemOutcome = z.object({
  id: z.string(),
  part: z.string(),
  skill: z.string(),
  /** Items of one group share a context or a source problem: they are resampled together. Without it an item stands alone. */
  group: z.string().optional(),
  strict: z.boolean(),
  lenient: z.boolean(),
  truncated: z.boolean(),
  /** Left out where the reply is an answer. */
  noAnswer: NoAnswer.optional(),
  /** The answer is the student model's modal one, which it gave most often; left out where it is another. */
  modal: z.literal(true).optional(),
})
export type ItemOutcome = z.infer<typeof ItemOutcome>

/** A validation item that the student got wrong, as the planner may see it. */
export const BadCase = z.object({
  id: z.string(),
  skill: z.string(),
  part: z.string(),
  input: z.string(),
  expected: z.string(),
  reply: z.string(),
  reason: z.string(),
})
export type BadCase = z.infer<typeof BadCase>
