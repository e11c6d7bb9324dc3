import { TerminalError } from '../bus/mod.ts'
import { hashOf } from '../schemas/hash.ts'
import type { Recipe } from '../schemas/task.ts'

/** The student as it is on this machine; the hash is over its weights. */
export type Student = { name: string; path: string; sha256: string }

/** What a candidate's `student` field says: enough to tell two students apart. */
export const studentLabel = (student: Student): string => `${student.name}${weightsMark(student)}`

const weightsMark = ({ sha256 }: Student): string => `@${sha256.slice(0, 12)}`

/**
 * A run has one student, so that its scores can be compared. Errors: TerminalError when it was begun with other weights than these;
 * `label` is that student's, undefined where the run does not say it.
 */
export function checkStudent(own: Student, label: string | undefined): void {
  if (label === undefined || label.endsWith(weightsMark(own))) return
  throw new TerminalError(
    `the run was begun with the student ${label}, and this trainer-bridge has ${studentLabel(own)}; start it with the first one`,
  )
}

/**
 * Identity of a training: the same dataset, student, recipe and seed are the same job, whatever run asks, and are never trained
 * twice.
 */
export function jobHashOf(job: { datasetHash: string; student: Student; recipe: Recipe; seed: number }): string {
  return hashOf({ dataset: job.datasetHash, student: job.student.sha256, recipe: job.recipe, seed: job.seed })
}

/** Identity of a set of replies: who answered which questions, how. Decoding is greedy, so equal keys mean equal replies. */
export function repliesKey(asked: {
  student: Student
  adapterSha256: string | null
  questionsSha256: string
  examples: unknown
  inference: unknown
  system: string
}): string {
  return hashOf({ ...asked, student: asked.student.sha256 })
}
