import type { Core, Difficulty, Item, ItemPart, TrainingRange } from '../schemas/task.ts'

/** What to sample: equal requests give equal rows, on every machine. */
export interface RowRequest {
  skill: string
  difficulty: Difficulty
  range: TrainingRange
  /** Draw from the first 1 to 8 frames of the training bank. */
  phrasings: number
  seed: string
}

/** A training row with the problem it was written from. */
export interface SampledRow {
  skill: string
  core: Core
  coreKey: string
  /** The frame used, for example "train-3". */
  phrasing: string
  instruction: string
  input: string
  output: string
  /** The gold answer as the scorer reads it. */
  answer: string
}

export interface AuditRequest {
  seed: string
  counts: Readonly<Partial<Record<Exclude<ItemPart, 'handwritten'>, number>>>
  /** Core keys that no item may have; each drawn one is added. */
  taken: Set<string>
}

/** What the module that a task names under `procedure` has to export. */
export interface Procedure {
  sampleRow(request: RowRequest): SampledRow
  /** The answer computed again from the core alone. */
  solveCore(skill: string, core: Core): string
  coreKey(skill: string, core: Core): string
  drawAudit(request: AuditRequest): Item[]
}
