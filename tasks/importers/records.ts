import { basename } from 'node:path'
import { isObject } from '../../schemas/bounded-json.ts'
import { halfCharacterIn } from '../../schemas/printable.ts'
import { jsonArrayElements } from '../files/json-array.ts'
import { documentQuestions, questionListOf, questionsIn, refuseWrapped } from '../files/json-document.ts'
import { parsePythonJson } from '../files/parse-json.ts'
import { type DecodedRecord, maxLineBytes, readLines } from '../files/read-lines.ts'
import { csvRecords } from './csv-records.ts'
import type { ImportLog } from './import-log.ts'
import type { SourceItem } from './importer.ts'
import { formatOf, type SourceRecord } from './source-file.ts'

/** A record that could be read, and its place. */
type Placed = Extract<SourceRecord, { value: unknown }>

/**
 * The records of a JSON array, JSON Lines, CSV or Parquet file, one by one (Parquet: one row group at a time in memory).
 * @throws TaskError where the file as a whole cannot be read
 */
export async function* readRecords(path: string): AsyncGenerator<SourceRecord> {
  for await (const record of singleQuestions(path)) {
    const half = 'value' in record ? halfCharacterIn(record.value) : null
    yield half === null ? record : { where: record.where, problem: `half of a character (a lone surrogate) in ${half}` }
  }
}

/** The records that can be read. Each one counts as read; one that cannot be is noted as left out. */
export async function* loggedRecords(path: string, log: ImportLog): AsyncGenerator<Placed> {
  for await (const record of readRecords(path)) {
    log.read += 1
    if ('problem' in record) log.drop(record.where, record.problem)
    else yield record
  }
}

/** The items of a file of which each record is one: what `read` makes of it, or why it is left out. */
export function eachItem(read: (row: Record<string, unknown>, where: string, path: string) => SourceItem | string) {
  return async function* (path: string, log: ImportLog): AsyncGenerator<SourceItem> {
    for await (const { where, value } of loggedRecords(path, log)) {
      const item = read(value, where, path)
      if (typeof item === 'string') log.drop(where, item)
      else yield item
    }
  }
}

async function* singleQuestions(path: string): AsyncGenerator<SourceRecord> {
  for await (const record of recordsOf(path)) {
    const questions = 'value' in record ? questionsIn(record.value) : null
    if (questions) yield* placed(questions, record.where)
    else yield record
  }
}

function* placed(questions: readonly Record<string, unknown>[], where: string): Generator<SourceRecord> {
  for (const [index, value] of questions.entries()) yield { where: `${where}#${index + 1}`, value }
}

async function* recordsOf(path: string): AsyncGenerator<SourceRecord> {
  const format = await formatOf(path)
  switch (format) {
    case 'parquet':
      // Loaded where it is needed: the libraries for it take longer to load than most tasks to read.
      return yield* (await import('./parquet-records.ts')).parquetRecords(path)
    case 'csv':
      return yield* csvRecords(path)
    case 'json-array':
      return yield* arrayRecords(path)
    case 'json-lines':
      return yield* lineRecords(path)
    default:
      throw format satisfies never
  }
}

async function* arrayRecords(path: string): AsyncGenerator<SourceRecord> {
  let index = 0
  for await (const element of jsonArrayElements(path, maxLineBytes)) {
    yield parseRecord(element, `${basename(path)}[${index}]`)
    index += 1
  }
}

async function* lineRecords(path: string): AsyncGenerator<SourceRecord> {
  // One record is held back: the only one of a file may hold its records.
  let held: SourceRecord | null = null
  let isOnly = false
  for await (const line of readLines(path)) {
    if ('text' in line && line.text.trim() === '') continue
    const record = parseRecord(line, `${basename(path)}:${line.number}`)
    isOnly = held === null
    if (held !== null) yield held
    else if ('text' in line && 'problem' in record && /[{[,]\s*$/.test(line.text)) {
      const questions = await documentQuestions(path)
      if (questions) return yield* placed(questions, basename(path))
    }
    held = record
  }
  if (held === null) return
  if (isOnly && 'value' in held) {
    const questions = questionListOf(held.value)
    if (questions) return yield* placed(questions, held.where)
    refuseWrapped(held.value, path)
  }
  yield held
}

function parseRecord(read: DecodedRecord, where: string): SourceRecord {
  if ('problem' in read) return { where, problem: read.problem }
  try {
    const value = parsePythonJson(read.text)
    return isObject(value) ? { where, value } : { where, problem: 'not a JSON object' }
  } catch {
    return { where, problem: 'not JSON' }
  }
}
