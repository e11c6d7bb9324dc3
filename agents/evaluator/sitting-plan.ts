import { z } from 'zod'
import type { Arm } from '../../schemas/arm.ts'
import { ObjectRef } from '../../schemas/ids.ts'
import { Variants } from '../../schemas/run.ts'
import { PaperName } from '../../schemas/sealed-results.ts'
import { RetentionFile } from '../../schemas/task.ts'
import { Candidate } from '../../schemas/training.ts'

/** Which retention set a paper holds, how it is answered and scored. */
export const RetentionRules = RetentionFile.pick({ sha256: true, scorer: true, max_new_tokens: true }).strip()

/**
 * One opening of a sealed test: what was fixed when it began. Written once, to VAULT, before the first question leaves; a crashed
 * session goes on from it.
 */
export const OpeningRecord = z.object({
  /** The how-manieth opening of this test. */
  opening: z.number().int().positive(),
  testHash: z.string(),
  /** Chosen when the opening began, after the search had stopped. */
  auditSeed: z.string(),
  candidates: z.array(Candidate),
  publicTask: ObjectRef,
  variants: Variants,
  /** The items with their answers, in VAULT; no audit where the task has no procedure to draw it from. */
  papers: z.object({ test: ObjectRef, audit: ObjectRef.nullable(), retention: ObjectRef.nullable().default(null) }),
  /** Null where nobody sits the retention paper. */
  retention: RetentionRules.nullable().default(null),
})
export type OpeningRecord = z.infer<typeof OpeningRecord>

/** Which runs have opened a test, in order. */
export const Openings = z.object({ runs: z.array(z.string()) })
export type Openings = z.infer<typeof Openings>

/** Who sits the retention paper: what is compared is before and after training, and with and without a search. */
const remembering: readonly Arm[] = ['base', 'control', 'final']

/** Whether candidates of an arm sit a paper that has items. */
export const sits: Readonly<Record<PaperName, (candidate: { arm: Arm }) => boolean>> = {
  test: () => true,
  audit: ({ arm }) => arm !== 'submission',
  retention: ({ arm }) => remembering.includes(arm),
}

/** Every sitting of an opening: each candidate takes each paper that has items and is for it; all take the test. */
export function sittingsOf(record: OpeningRecord): { candidate: Candidate; paper: PaperName }[] {
  return record.candidates.flatMap((candidate) =>
    PaperName.options
      .filter((paper) => record.papers[paper] !== null && sits[paper](candidate))
      .map((paper) => ({ candidate, paper })),
  )
}

/** Where the result of a sitting is kept. */
export const resultKey = (runId: string, { candidate, paper }: { candidate: Candidate; paper: PaperName }): string =>
  `${runId}.${candidate.name}.${paper}`
