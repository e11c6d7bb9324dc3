import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { pipeline } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { TaskError } from '../task-error.ts'
import type { Decoded } from './decode.ts'
import { jsonArrayElements } from './json-array.ts'
import { refuseDocument, refuseWrapped } from './json-document.ts'
import { parsePythonJson } from './parse-json.ts'
import { maxLineBytes, readLines } from './read-lines.ts'
import { formatOf } from './source-file.ts'

/** A record as published, or why there is none. `where` names it: file and line, or file and index from 0. */
export type SourceRecord = { where: string; value: Record<string, unknown> } | { where: string; problem: string }

/**
 * The records of a JSON array, JSON Lines, CSV or Parquet file, one by one (Parquet: one row group at a time in memory).
 * Errors: `TaskError` where the file as a whole cannot be read.
 */
export async function* readRecords(path: string): AsyncGenerator<SourceRecord> {
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
    else if ('text' in line && 'problem' in record && /[{[,]\s*$/.test(line.text)) await refuseDocument(path)
    held = record
  }
  if (held === null) return
  if (isOnly && 'value' in held) refuseWrapped(held.value, path)
  yield held
}

function parseRecord(read: Decoded, where: string): SourceRecord {
  if ('problem' in read) return { where, problem: read.problem }
  try {
    const value = parsePythonJson(read.text)
    const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isRecord ? { where, value: value as Record<string, unknown> } : { where, problem: 'not a JSON object' }
  } catch {
    return { where, problem: 'not JSON' }
  }
}

async function* csvRecords(path: string): AsyncGenerator<SourceRecord> {
  const skipped: SourceRecord[] = []
  const parser = pipeline(
    createReadStream(path),
    utf8(path),
    parse({
      columns: (header: string[]) => differentNames(header, path),
      delimiter: /\.tsv$/i.test(path) ? '\t' : ',',
      max_record_size: maxLineBytes,
      skip_empty_lines: true,
      skip_records_with_error: true,
      on_skip: (error) => {
        skipped.push({ where: `${basename(path)}:${error?.lines ?? '?'}`, problem: 'not a CSV row of this file' })
        return undefined
      },
      info: true,
    }),
    () => {}, // An error is thrown where the rows are read.
  )
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Record<string, unknown>
      info: { lines: number }
    }>) {
      yield* skipped.splice(0)
      yield { where: `${basename(path)}:${info.lines}`, value: record }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new TaskError(`Not CSV: ${error.message}`, path, 'Export the file again, with a header line.')
  } finally {
    parser.destroy()
  }
  yield* skipped
}

/** Decodes a text file. Its rows cannot be told apart before that, so one byte that is no UTF-8 refuses all of it. */
const utf8 = (path: string) =>
  async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    try {
      for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true })
      yield decoder.decode()
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      throw new TaskError('The file is not UTF-8', path, 'Save it again as UTF-8.')
    }
  }

/** Of two columns with one name the last would be read. */
function differentNames(header: string[], path: string): string[] {
  const [only] = header
  if (header.length === 1 && /[;\t|]/.test(only!)) {
    const mend = 'Save it again with commas, or with tabs and a name that ends in .tsv.'
    throw new TaskError(`The header is one column, '${only!.slice(0, 100)}'`, path, mend)
  }
  const twice = header.find((name, index) => header.indexOf(name) !== index)
  if (twice === undefined) return header
  throw new TaskError(`Two columns are named '${twice}'`, path, 'Give each column a name of its own.')
}
