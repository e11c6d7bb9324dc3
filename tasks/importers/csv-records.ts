// Tables as text. csv-parse reads them; what pandas does otherwise is done here: a quote inside a cell is a character, a row may be shorter
// than the header, blanks around a cell are none of it, and a column without a name gets one. What separates the cells is found out from
// the first rows.
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline } from 'node:stream'
import { CsvError, type Options, parse } from 'csv-parse'
import { parse as parseText } from 'csv-parse/sync'
import { maxLineBytes } from '../files/read-lines.ts'
import { TaskError } from '../task-error.ts'
import type { SourceRecord } from './source-file.ts'

/** By preference, where the rows fit several: a header with tabs or bars has them for no other reason. */
const delimiters = ['\t', '|', ';', ','] as const
const sampleBytes = 256 * 1024
const sampleRows = 200

const common = {
  bom: true,
  record_delimiter: ['\r\n', '\n', '\r'],
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: true,
  ltrim: true,
} satisfies Options

/**
 * The records of a CSV file, whatever separates its cells.
 *
 * @throws {TaskError} where the file is no table with a header, is not UTF-8, or has a quote that never closes.
 */
export async function* csvRecords(path: string): AsyncGenerator<SourceRecord> {
  const delimiter = await delimiterOf(path)
  const options = { ...common, delimiter, max_record_size: maxLineBytes, raw: true, info: true }
  // An error is thrown where the rows are read.
  const parser = pipeline(createReadStream(path), utf8(path), parse(options), () => {})
  let header: string[] | null = null
  let line = 1
  try {
    for await (const { record, info, raw } of parser as AsyncIterable<CsvRow>) {
      line = info.lines
      const isOdd = record.some((cell) => cell.startsWith('"'))
      const cells = (isOdd ? unquoted(raw, delimiter) : record).map((cell) => cell.trim())
      if (header === null) {
        header = columnNames(cells, path)
        continue
      }
      const where = `${basename(path)}:${line}`
      const named = header.map((name, at) => [name, cells[at] ?? ''])
      if (cells.slice(header.length).some((cell) => cell !== '')) yield { where, problem: 'not a CSV row of this file' }
      else yield { where, value: Object.fromEntries(named) }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const isOpen = error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE'
    if (isOpen) {
      const what = `A quote that opens behind line ${line} never closes`
      throw new TaskError(what, path, 'Close it, or write two for one that is part of a quoted cell.')
    }
    throw new TaskError(`Not CSV: ${error.message}`, path, 'Export the file again, with a header line.')
  } finally {
    parser.destroy()
  }
}

type CsvRow = { record: string[]; info: { lines: number }; raw: string }

/** The cells of a row in which text stands behind a closing quote: the quotes go, the text stays, as pandas has it. */
function unquoted(raw: string, delimiter: string): string[] {
  const apart = delimiter === '|' ? '\\|' : delimiter
  const cell = new RegExp(`[^\\S${apart}]*(?:"((?:[^"]|"")*)"([^${apart}]*)|([^${apart}]*))(?:${apart}|$)`, 'y')
  const row = raw.replace(/[\r\n]+$/, '')
  const cells: string[] = []
  while (cell.lastIndex <= row.length) {
    const match = cell.exec(row)
    if (match === null) break
    const [whole, quoted, rest = '', plain = ''] = match
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"') + rest)
    if (!whole.endsWith(delimiter)) break
  }
  return cells
}

/** The one that parts the first rows alike, into the most columns that are as many as the header has. */
async function delimiterOf(path: string): Promise<string> {
  const text = await beginning(path)
  const fits = delimiters
    .map((delimiter) => ({ delimiter, ...fitOf(text, delimiter) }))
    .filter(({ width }) => width > 1)
  const [best] = fits.sort((a, b) => b.share - a.share)
  if (best !== undefined && best.share > 0.5) return best.delimiter
  const [first = ''] = text.replace(/^\ufeff/, '').split(/[\r\n]/, 1)
  if (best !== undefined && best.longer > 0.5) {
    const what = `Most rows have more cells than the header, which is '${first.slice(0, 200)}'`
    throw new TaskError(what, path, 'Give each column a name in the first line.')
  }
  // A list of cells of one column each is a table too, where somebody names the column.
  return best?.delimiter ?? ','
}

async function beginning(path: string): Promise<string> {
  await using file = await open(path, 'r')
  const { buffer, bytesRead } = await file.read(Buffer.alloc(sampleBytes), 0, sampleBytes, 0)
  const text = buffer.toString('utf8', 0, bytesRead)
  // A row that is cut off would not fit.
  return bytesRead < sampleBytes ? text : text.slice(0, Math.max(text.lastIndexOf('\n'), 0))
}

/** How many columns the header has, and the share of rows with as many cells, and with more. */
function fitOf(text: string, delimiter: string): { width: number; share: number; longer: number } {
  try {
    const [header = [], ...rows] = parseText(text, { ...common, delimiter, to: sampleRows }) as string[][]
    const width = header.length
    const filled = rows.map(
      (cells) => cells.slice(0, width).length + (cells.slice(width).some((cell) => cell !== '') ? 1 : 0),
    )
    const share = (holds: (cells: number) => boolean) =>
      rows.length === 0 ? 1 : filled.filter(holds).length / rows.length
    return { width, share: share((cells) => cells === width), longer: share((cells) => cells > width) }
  } catch {
    // A quote that the end of the sample leaves open is looked for when the whole file is read.
    return { width: 0, share: 0, longer: 0 }
  }
}

/** Decodes a text file. Its rows cannot be separated before that, so one byte that is no UTF-8 refuses all of it. */
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

/** Of two columns with one name the last would be read. One without a name is called as pandas calls it. */
function columnNames(cells: readonly string[], path: string): string[] {
  const header = cells.map((name, at) => name || `Unnamed: ${at}`)
  const twice = header.find((name, index) => header.indexOf(name) !== index)
  if (twice === undefined) return header
  throw new TaskError(`Two columns are named '${twice}'`, path, 'Give each column a name of its own.')
}
