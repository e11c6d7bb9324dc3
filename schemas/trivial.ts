import { z } from 'zod'
import { ScoreSheet } from './score.ts'
import { EvalSetName } from './sealed-results.ts'
import type { ScoreMode } from './task.ts'

/**
 * How a set can be answered without knowing anything. `gold`: one item's answer to every item; `reply`: a student's most frequent reply to
 * every item; `empty`: nothing; `every-answer`: all labels in one reply, where a student names several at once; `question`: the question
 * itself; `named-label` and `last-label`: the label that the question names first, or last, else the most frequent one; `first-number` and
 * `largest-number` of the question; `longest-option`: the longest of the options that the question lists.
 */
export const TrivialKind = z.enum([
  'gold',
  'reply',
  'empty',
  'every-answer',
  'question',
  'named-label',
  'last-label',
  'first-number',
  'largest-number',
  'longest-option',
])
export type TrivialKind = z.infer<typeof TrivialKind>

/** What one such way of answering scores on a set, item by item. It holds no text: of a sealed set none may leave the evaluator. */
export const TrivialScore = z.object({
  kind: TrivialKind,
  /**
   * Of `gold`: the item whose answer it is, one of validation where validation has that answer. Of `reply`: the validation item whose
   * answer reads the same, where there is one.
   */
  item: z.string().optional(),
  /** Of `reply`: the candidate that gave it. */
  studentModel: z.string().optional(),
  /** One digit an item, in the set's order: 1 for strictly right, 2 for leniently right, added up. */
  marks: z.string().regex(/^[0-3]*$/),
  /** Counted from the marks. */
  sheet: ScoreSheet.pick({ overall: true, byPart: true }),
})
export type TrivialScore = z.infer<typeof TrivialScore>

/** Whether the item at a place of the set is right when it is answered that way. */
export const isRight = ({ marks }: Pick<TrivialScore, 'marks'>, at: number, mode: ScoreMode): boolean =>
  (Number(marks[at]) & (mode === 'strict' ? 1 : 2)) > 0

/** The same of a sealed set. */
export const SealedTrivial = TrivialScore.extend({ evalSet: EvalSetName })
export type SealedTrivial = z.infer<typeof SealedTrivial>
