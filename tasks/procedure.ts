import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Core, Difficulty, Item, ItemPart, TrainingRange } from '../schemas/task.ts'
import { TaskError } from './task-error.ts'

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

const EXPORTS = ['sampleRow', 'solveCore', 'coreKey', 'drawAudit'] as const

/** Errors: `TaskError` when the task has no procedure, or its module cannot be loaded or lacks an export. */
export async function loadProcedure(task: { dir: string; procedure?: string | undefined }): Promise<Procedure> {
  if (!task.procedure) {
    throw new TaskError('The task has no procedure', task.dir, 'Name its module under procedure in task.yaml.')
  }
  const path = join(task.dir, task.procedure)
  let loaded: Partial<Procedure>
  try {
    loaded = (await import(pathToFileURL(path).href)) as Partial<Procedure>
  } catch (error) {
    throw new TaskError(`The procedure cannot be loaded: ${(error as Error).message}`, path, 'Correct the module.')
  }
  const missing = EXPORTS.filter((name) => typeof loaded[name] !== 'function')
  if (missing.length > 0) {
    throw new TaskError(
      `The procedure does not export ${missing.join(', ')}`,
      path,
      'Export them; see tasks/procedure.ts.',
    )
  }
  return loaded as Procedure
}
