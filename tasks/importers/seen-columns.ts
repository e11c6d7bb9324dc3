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

  /** Which columns were read as what, and which were not read. To be called once every record was read. */
  describe(used: Readonly<Record<string, string>>, options: ImportOptions): string[] {
    const named = ['skill', 'group', 'id'].flatMap((kind) => (options[kind] ? [[kind, options[kind]]] : []))
    const read = [...Object.entries(used), ...named].map(([kind, name]) => `${kind} from '${name}'`)
    const unused = [...this.names].filter(
      (name) => !Object.values(used).includes(name) && !named.some(([, each]) => each === name),
    )
    const lines = read.length > 0 ? [`Read: ${read.join(', ')}.`] : []
    if (unused.length > 0) lines.push(`Columns not used: ${unused.map((name) => `'${name}'`).join(', ')}.`)
    return lines
  }

  /** To be called once every record was read. Errors: `TaskError` for an option that names no column of the file. */
  check(options: ImportOptions, source: string): void {
    if (this.names.size === 0 || this.names.size >= maxColumns) return
    for (const option of namingOptions) {
      const name = options[option]
      if (name === undefined || this.names.has(name)) continue
      const fix = `Name one of its columns: ${[...this.names].slice(0, 20).join(', ')}.`
      throw new TaskError(`No record has a column '${name}', which --${option} names`, source, fix)
    }
  }
}
