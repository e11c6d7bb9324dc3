import { isObject } from '../../schemas/bounded-json.ts'
import { scorerNamed, scorerNames } from '../scorers/mod.ts'
import { ownScore } from '../scorers/scorer.ts'
import { TaskError } from '../task-error.ts'
import type { ImportLog } from './import-log.ts'
import { groupOf, type Importer, type ImportOptions, type SourceItem, skillName } from './importer.ts'
import { recordFormOf } from './record-form.ts'
import { textIn } from './record-values.ts'
import { loggedRecords } from './records.ts'

async function* items(source: string, log: ImportLog, options: ImportOptions): AsyncGenerator<SourceItem> {
  const form = await recordFormOf(source, options)
  const scorer = (await scorerNamed(form.scorer.name))!
  const seen = new SeenColumns()
  for await (const { where, value: row } of loggedRecords(source, log)) {
    seen.add(row)
    const read = form.read(row)
    if (typeof read === 'string') {
      log.drop(where, read)
      continue
    }
    const [answer, ...alternatives] = read.golds.filter((gold) => ownScore(scorer, gold, form.scorer.options)?.strict)
    if (answer === undefined) {
      log.drop(where, `the scorer ${scorer.name} cannot read the answer`)
      continue
    }
    const [skill, group, id] = [options.skill, options.group, options.id].map((name) => (name ? cell(row[name]) : ''))
    const name = id || where
    const context = read.context === null ? null : groupOf('context', read.context)
    const shared = { skill: skillName(skill || 'all'), group: group || context, key: `row:${name}` }
    yield { id: name, input: read.question, answer, alternatives, ...shared }
  }
  seen.check(options, source)
  for (const note of [...form.notes, ...seen.describe(form.used, options)]) log.note(note)
}

const cell = (value: unknown): string =>
  textIn(value) ?? (isObject(value) || Array.isArray(value) ? JSON.stringify(value) : '')

/** Any JSON, JSON Lines, CSV or Parquet file with named columns. */
export function columnsImporter(name: string, source: string): Importer {
  return {
    name,
    source,
    items,
    async profile(options, source) {
      if (options.scorer !== undefined && !scorerNames.includes(options.scorer)) {
        throw new TaskError(
          `There is no scorer named ${options.scorer}`,
          '--scorer',
          `Name one of ${scorerNames.join(', ')}.`,
        )
      }
      const { scorer, instruction } = await recordFormOf(source, options)
      return {
        title: options.title ?? 'Imported questions',
        description: options.description ?? 'Questions with their answers, imported from a file of records.',
        goal: 'Write training rows from which a small student learns to answer such questions.',
        instruction,
        scorer: { ...scorer, primary: 'strict' },
        skills: {},
        departures: [],
      }
    },
  }
}

const namingOptions = ['question', 'answer', 'skill', 'group', 'id'] as const
/** A file of records that each have keys of their own would have no end of them. */
const maxColumns = 200

/** The columns of a file, so that a name that none of them has is reported: a mistyped `--group` would part what belongs together. */
class SeenColumns {
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

  /**
   * To be called once every record was read.
   * @throws TaskError for an option that names no column of the file
   */
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
