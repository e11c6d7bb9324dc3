import { scorerNamed, scorers } from '../scorers/mod.ts'
import { TaskError } from '../task-error.ts'
import type { ImportLog } from './import-log.ts'
import { type DraftItem, type Importer, type ImportOptions, skillName } from './importer.ts'
import { readRecords } from './records.ts'
import { SeenColumns } from './seen-columns.ts'

/** Names that published sets give to the columns, where none is named. */
const aliases = {
  question: [
    'question',
    'problem',
    'prompt',
    'instruction',
    'input',
    'content',
    'query',
    'problem_text',
    'question_content',
  ],
  answer: [
    'answer',
    'gold',
    'label',
    'target',
    'output',
    'solution',
    'summary',
    'response',
    'ground_truth',
    'answer_number',
    'expected_output',
  ],
} as const

function cell(value: unknown): string {
  if (typeof value === 'string') return value.trim()
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The value of a named column, or of the first usual one that the record has. */
export function column(row: Record<string, unknown>, kind: keyof typeof aliases, options: ImportOptions): string {
  const named = options[kind]
  if (named !== undefined) return cell(row[named])
  const found = aliases[kind].find((alias) => cell(row[alias]) !== '')
  return found === undefined ? '' : cell(row[found])
}

async function* items(source: string, log: ImportLog, options: ImportOptions): AsyncGenerator<DraftItem> {
  const scorer = scorerNamed(options.scorer ?? 'exact')!
  const seen = new SeenColumns()
  for await (const record of readRecords(source)) {
    log.read += 1
    if ('problem' in record) {
      log.drop(record.where, record.problem)
      continue
    }
    const row = record.value
    seen.add(row)
    const [input, answer] = [column(row, 'question', options), column(row, 'answer', options)]
    const [skill, group, id] = [options.skill, options.group, options.id].map((name) => (name ? cell(row[name]) : ''))
    if (input === '') log.drop(record.where, 'no question')
    else if (answer === '') log.drop(record.where, 'no answer')
    else if (notFinite.test(answer)) log.drop(record.where, 'the answer is not a finite number')
    else if (!scoresItself(scorer, answer)) log.drop(record.where, `the scorer ${scorer.name} cannot read the answer`)
    else {
      const name = id || record.where
      yield { id: name, skill: skillName(skill || 'all'), group: group || null, input, answer, key: `row:${name}` }
    }
  }
  seen.check(options, source)
}

/** What NaN and the infinities of a JSON or Parquet file are as text. */
const notFinite = /^(?:NaN|-?Infinity)$/

function scoresItself(scorer: NonNullable<ReturnType<typeof scorerNamed>>, answer: string): boolean {
  try {
    return scorer.score(scorer.inForm(answer), answer).strict
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
    profile: (options) => {
      const scorer = options.scorer ?? 'exact'
      if (scorerNamed(scorer) === undefined) {
        throw new TaskError(
          `There is no scorer named ${scorer}`,
          '--scorer',
          `Name one of ${Object.keys(scorers).join(', ')}.`,
        )
      }
      return {
        title: options.title ?? 'Imported questions',
        description: options.description ?? 'Questions with one answer each, imported from a file with named columns.',
        goal: 'Write training rows from which a small student learns to answer such questions.',
        instruction: options.instruction ?? 'Answer the question.',
        scorer: { name: scorer, primary: 'strict', options: {} },
        skills: {},
        departures: [],
      }
    },
  }
}
