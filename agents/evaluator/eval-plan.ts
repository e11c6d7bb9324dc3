import { z } from 'zod'
import type { Arm } from '../../schemas/arm.ts'
import { ObjectRef } from '../../schemas/ids.ts'
import { EvalContext } from '../../schemas/messages/evaluation.ts'
import { EvalSetName, type SealedResult } from '../../schemas/sealed-results.ts'
import { RetentionFile } from '../../schemas/task.ts'
import { StudentModel } from '../../schemas/training.ts'

/** Which retention set a final evaluation uses, how it is answered and scored. */
export const RetentionRules = RetentionFile.pick({ sha256: true, scorer: true, max_new_tokens: true }).strip()

/**
 * One final evaluation: what was fixed when it began. Written once, to VAULT, before the first question leaves; a crashed
 * session goes on from it.
 */
export const FinalEvalRecord = z.object({
  /** Which final evaluation of this test it is, from 1. */
  finalEvalNumber: z.number().int().positive(),
  testHash: z.string(),
  /** Chosen when it began, after the search had stopped. */
  auditSeed: z.string(),
  studentModels: z.array(StudentModel),
  ...EvalContext.shape,
  /** The items with their answers, in VAULT; no audit where the task has no procedure to draw it from. */
  evalSets: z.object({ test: ObjectRef, audit: ObjectRef.nullable(), retention: ObjectRef.nullable().default(null) }),
  /** Null where no model is evaluated on the retention set. */
  retention: RetentionRules.nullable().default(null),
})
export type FinalEvalRecord = z.infer<typeof FinalEvalRecord>

/** Which runs were evaluated on a test, in order. */
export const FinalEvals = z.object({ runs: z.array(z.string()) })
export type FinalEvals = z.infer<typeof FinalEvals>

/** Which models are evaluated on the retention set: what is compared is before and after training, and with and without a search. */
const remembering: readonly Arm[] = ['base', 'control', 'final']

/** Whether student models of an arm are evaluated on a set that has items. */
export const isEvaluatedOn: Readonly<Record<EvalSetName, (studentModel: { arm: Arm }) => boolean>> = {
  test: () => true,
  audit: ({ arm }) => arm !== 'submission',
  retention: ({ arm }) => remembering.includes(arm),
}

type Evaluated = Pick<SealedResult, 'studentModel' | 'evalSet'>

/** Every job of a final evaluation: each model is evaluated on each set that has items and is for it; all on the test. */
export function sealedEvalJobs(record: FinalEvalRecord): Evaluated[] {
  return record.studentModels.flatMap((studentModel) =>
    EvalSetName.options
      .filter((evalSet) => record.evalSets[evalSet] !== null && isEvaluatedOn[evalSet](studentModel))
      .map((evalSet) => ({ studentModel, evalSet })),
  )
}

export const resultKey = (runId: string, { studentModel, evalSet }: Evaluated): string =>
  `${runId}.${studentModel.name}.${evalSet}`
