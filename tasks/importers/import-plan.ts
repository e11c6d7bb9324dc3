import type { DatabaseSync } from 'node:sqlite'
import type { Item } from '../../schemas/task.ts'
import type { ImportLog } from './import-log.ts'
import type { Importer, ImportOptions, SourceItem, TaskProfile } from './importer.ts'
import type { ItemText } from './item-table.ts'
import type { TaskSizes } from './task-yaml.ts'

/**
 * `audit` is a number of items to set aside, or the path of a file in the same format; `seeds` of questions, of which the pool takes as
 * many as it may hold.
 */
export type ImportPlan = {
  seed: number
  audit: number | string
  seeds: number
  options: ImportOptions
  /** Left out: the paper's. */
  sizes?: TaskSizes
  /** Items of validation and test together at most, spread over skills as all are; left out: all. */
  evaluated?: number
  /** Finds near-duplicates, which then stay together. */
  alike: (texts: readonly ItemText[]) => [ItemText, ItemText][]
  /** Gives the import up; nothing is left behind. */
  signal?: AbortSignal
}

/** One import under way: what is read, the folder that it is written to, what is left out, and what is remembered meanwhile. */
export type Import = {
  importer: Importer
  source: string
  folder: string
  plan: ImportPlan
  profile: TaskProfile
  log: ImportLog
  scratch: DatabaseSync
}

export function toItem(entry: SourceItem, { instruction }: Pick<TaskProfile, 'instruction'>): Item {
  const { id, skill, group, input, answer, alternatives = [], key } = entry
  return {
    id,
    part: 'benchmark',
    skill,
    instruction,
    input: input.trim(),
    answer,
    ...(alternatives.length > 0 && { alternatives: [...alternatives] }),
    coreKey: key,
    ...(group !== null && { group }),
  }
}
