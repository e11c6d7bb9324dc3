import type { Item, Reference, RetentionSet, Seed, TaskFile, TrainingRow } from '../schemas/task.ts'

/** A task folder as read, in either form, before it is checked. The scorer of `file` has its script's text. */
export type TaskParts = {
  file: TaskFile
  procedureSha256?: string
  validation: Item[]
  test: Item[]
  audit: Item[]
  fewShot: TrainingRow[]
  sampleSubmission: TrainingRow[]
  references: Reference[]
  retentionSet?: RetentionSet
  seeds: Seed[]
  /** Of everything that the folder says; the task's hash is over them. */
  hashes: string[]
}
