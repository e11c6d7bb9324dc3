import { isObject } from '../../schemas/bounded-json.ts'
import { type Scorer, type ScorerOptions, scorerNamed, scorers } from '../scorers/mod.ts'
import { TaskError } from '../task-error.ts'
import type { ImportLog } from './import-log.ts'
import { groupOf, type Importer, type ImportOptions, type SourceItem, skillName } from './importer.ts'
import { recordFormOf } from './record-form.ts'
import { textIn } from './record-values.ts'
import { readRecords } from './records.ts'
import { SeenColumns } from './seen-columns.ts'

async function* items(source: string, log: ImportLog, options: ImportOptions): AsyncGenerator<SourceItem> {
  const form = await recordFormOf(source, options)
  const scorer = scorerNamed(form.scorer.name)!
  const seen = new SeenColumns()
  for await (const record of readRecords(source)) {
    log.read += 1
    if ('problem' in record) {
      log.drop(record.where, record.problem)
      continue
    }
    const row = record.value
    seen.add(row)
    const read = form.read(row)
    if (typeof read === 'string') {
      log.drop(record.where, read)
      continue
    }
    const [answer, ...alternatives] = read.golds.filter((gold) => scoresItself(scorer, gold, form.scorer.options))
    if (answer === undefined) {
      log.drop(record.where, `the scorer ${scorer.name} cannot read the answer`)
      continue
    }
    const [skill, group, id] = [options.skill, options.group, options.id].map((name) => (name ? cell(row[name]) : ''))
    const name = id || record.where
    const context = read.context === null ? null : groupOf('context', read.context)
    const shared = { skill: skillName(skill || 'all'), group: group || context, key: `row:${name}` }
    yield { id: name, input: read.question, answer, alternatives, ...shared }
  }
  seen.check(options, source)
  for (const note of [...form.notes, ...seen.describe(form.used, options)]) log.note(note)
}

const cell = (value: unknown): string =>
  textIn(value) ?? (isObject(value) || Array.isArray(value) ? JSON.stringify(value) : '')

function scoresItself(scorer: Scorer, answer: string, options: ScorerOptions): boolean {
  try {
    return scorer.score(scorer.inForm(answer), answer, options).strict
  } catch {
    return false
  }
}

/** Any JSON, JSON Lines, CSV or Parquet file with named columns. */
export function columnsImporter(name: string, source: string): Importer {
  return {
    name,
    source,
    items,
    async profile(options, source) {
      if (options.scorer !== undefined && scorerNamed(options.scorer) === undefined) {
        throw new TaskError(
          `There is no scorer named ${options.scorer}`,
          '--scorer',
          `Name one of ${Object.keys(scorers).join(', ')}.`,
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
