import { z } from 'zod'
import { Sha256, Token } from './ids.ts'
import { Core } from './task.ts'

/**
 * One training example. The id is `a<attempt>.r<round>.<source>.<index>.<sample>`; it holds no run and no time, so equal
 * runs give equal ids.
 */
export const Row = z.object({
  id: z.string().regex(/^a\d+\.r\d+\.[a-z0-9-]+\.\d+\.\d+$/),
  skill: Token,
  source: Token,
  instruction: z.string(),
  input: z.string(),
  output: z.string(),
  /** Where the row comes from, written by its generator; shown, exported on request, never trained on. */
  origin: z.object({
    generator: z.string(),
    /** Which code it was, where the generator is a plug-in. */
    plugin: z.object({ version: z.string(), hash: Sha256 }).optional(),
    phrasing: z.string().optional(),
    range: z.string().optional(),
    difficulty: z.number().int().optional(),
    seed: z.string().optional(),
    /** The numeric core of a procedural row, from which its answer can be computed again. */
    core: Core.optional(),
    coreKey: z.string().optional(),
    /** Who answered which prompt with what, for a row that a teacher wrote. */
    teacher: z
      .object({
        model: z.string(),
        /** Sampling settings of the call. */
        parameters: z.record(z.string(), z.number()).optional(),
        promptHash: Sha256,
        replyHash: Sha256,
        checks: z.array(z.string()),
      })
      .optional(),
    /** Who judged the row, on which prompt and rubric, and the score from 1 to 5. */
    judge: z
      .object({ model: z.string(), score: z.number().int(), promptHash: Sha256, replyHash: Sha256, rubricHash: Sha256 })
      .optional(),
  }),
})
export type Row = z.infer<typeof Row>

/**
 * Why a candidate was not admitted: exactly one reason each. too-long: more characters than the program's contract allows;
 * too-long-for-student: more of the student's tokens than its recipe trains on. not-verified: the vote contradicts its answer. judge: its
 * score is too low. judge-unread: no score could be read in the judge's replies. plugin: a plug-in of the critic
 * refused it. unchecked: no call was left to check it, or the endpoint
 * stayed away. surplus: its source is full. unbalanced: its skill is.
 */
export const RejectionReason = z.enum([
  'format',
  'too-long',
  'too-long-for-student',
  'wrong-answer',
  'not-verified',
  'judge',
  'judge-unread',
  'plugin',
  'unchecked',
  'exact-duplicate',
  'near-duplicate',
  'contaminated-validation',
  'contaminated-sealed',
  'contaminated-retention',
  'surplus',
  'unbalanced',
])
export type RejectionReason = z.infer<typeof RejectionReason>

/**
 * Why an index gave no candidate: the teacher gave no answer; it refused, or a filter withheld its answer, or its endpoint refused the
 * request (`refused`); its budget was used; it was not asked, since no reply of a trial could be used (`unasked`); it stayed away; this
 * prompt was forbidden (HTTP 403, often a gateway's filter); its reply was not usable; and the program's own faults: its reply was cut off
 * at the token limit, or its thoughts did not end (`truncated`); `accept` refused the row, a hook failed, the prompt is too long for the
 * model.
 */
export const FailureKind = z.enum([
  'teacher',
  'refused',
  'budget',
  'unasked',
  'gone',
  'forbidden',
  'unusable',
  'truncated',
  'not-accepted',
  'hook',
  'context',
])
export type FailureKind = z.infer<typeof FailureKind>

/**
 * Counts of one source. asked = indexes that gave candidates + failed; generated = admitted + the sum of rejected. An index gives
 * one candidate, more only where the program's `expand` makes them.
 */
export const Yield = z.object({
  asked: z.number().int().nonnegative(),
  generated: z.number().int().nonnegative(),
  admitted: z.number().int().nonnegative(),
  rejected: z.partialRecord(RejectionReason, z.number().int().positive()),
  /** Indexes without a candidate, by what was to blame; left out where there are none. */
  failed: z.partialRecord(FailureKind, z.number().int().positive()).optional(),
})
export type Yield = z.infer<typeof Yield>

/** Row ids in the order of admission: attempt, round, source, index, sample; numbers by value, not by letter. */
export function compareRowIds(left: string, right: string): number {
  const a = left.split('.')
  const b = right.split('.')
  const number = (text: string) => Number.parseInt(text.replace(/^[ar]/, ''), 10)
  return (
    number(a[0]!) - number(b[0]!) ||
    number(a[1]!) - number(b[1]!) ||
    (a[2]! < b[2]! ? -1 : a[2]! > b[2]! ? 1 : 0) ||
    number(a[3]!) - number(b[3]!) ||
    number(a[4]!) - number(b[4]!)
  )
}

/** Indexes of a source that its teacher was not asked for. */
export const notAsked = ({ failed }: Pick<Yield, 'failed'>): number => (failed?.budget ?? 0) + (failed?.unasked ?? 0)
