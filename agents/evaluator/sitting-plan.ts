import { z } from 'zod'
import { ObjectRef } from '../../schemas/ids.ts'
import { Variants } from '../../schemas/run.ts'
import { Candidate } from '../../schemas/training.ts'

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
  papers: z.object({ test: ObjectRef, audit: ObjectRef.nullable() }),
})
export type OpeningRecord = z.infer<typeof OpeningRecord>

/** Which runs have opened a test, in order. */
export const Openings = z.object({ runs: z.array(z.string()) })
export type Openings = z.infer<typeof Openings>

export const papers = ['test', 'audit'] as const
export type Paper = (typeof papers)[number]

/** Every sitting of an opening: each candidate takes each paper that has items; the submissions of the search take the test alone. */
export function sittingsOf(record: OpeningRecord): { candidate: Candidate; paper: Paper }[] {
  return record.candidates.flatMap((candidate) =>
    papers
      .filter((paper) => record.papers[paper] !== null && (paper === 'test' || candidate.arm !== 'submission'))
      .map((paper) => ({ candidate, paper })),
  )
}

/** Where the result of a sitting is kept. */
export const resultKey = (runId: string, { candidate, paper }: { candidate: Candidate; paper: Paper }): string =>
  `${runId}.${candidate.name}.${paper}`
