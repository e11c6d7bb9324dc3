import { TaskError } from '../task-error.ts'
import type { ImportOptions } from './importer.ts'

const namingOptions = ['question', 'answer', 'skill', 'group', 'id'] as const
/** A file of records that each have keys of their own would have no end of them. */
const maxColumns = 200

/** The columns of a file, so that a name that none of them has is told: a mistyped `--group` would part what belongs together. */
export class SeenColumns {
  private readonly names = new Set<string>()

  add(row: Record<string, unknown>): void {
    for (const name of Object.keys(row)) {
      if (this.names.size >= maxColumns) return
      this.names.add(name)
    }
  }

  /** To be called once every record was read. Errors: `TaskError` for an option that names no column of the file. */
  check(options: ImportOptions, source: string): void {
    if (this.names.size === 0 || this.names.size >= maxColumns) return
    for (const option of namingOptions) {
      const name = options[option]
      if (name === undefined || this.names.has(name)) continue
      const mend = `Name one of its columns: ${[...this.names].slice(0, 20).join(', ')}.`
      throw new TaskError(`No record has a column '${name}', which --${option} names`, source, mend)
    }
  }
}
