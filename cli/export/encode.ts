import { ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import type { ExportedRow, Layout } from './format.ts'

/** Characters gathered before they are handed to the file. */
const chunkChars = 65_536
/** Rows of one row group of Parquet, which is in memory while it is written. */
const groupRows = 10_000

/** The file's content in pieces, so that memory does not grow with the number of rows. */
export function encode(
  rows: AsyncIterable<ExportedRow>,
  shape: Layout['shape'],
  columns: readonly string[],
): AsyncIterable<string | Uint8Array> {
  return shape === 'parquet' ? parquet(rows, columns) : json(rows, shape)
}

async function* json(rows: AsyncIterable<ExportedRow>, shape: 'array' | 'lines'): AsyncGenerator<string> {
  let text = shape === 'array' ? '[' : ''
  let first = true
  for await (const row of rows) {
    const written = JSON.stringify(row)
    text += shape === 'array' ? `${first ? '\n' : ',\n'}${written}` : `${written}\n`
    first = false
    if (text.length < chunkChars) continue
    yield text
    text = ''
  }
  yield shape === 'array' ? `${text}\n]\n` : text
}

async function* parquet(rows: AsyncIterable<ExportedRow>, columns: readonly string[]): AsyncGenerator<Uint8Array> {
  const bytes = new ByteWriter()
  const columnsOf = (group: readonly ExportedRow[]) =>
    columns.map((name) => ({ name, data: group.map((row) => row[name] ?? null) }))
  const typed = columnsOf([]).map((column) => ({ ...column, type: 'STRING' as const, nullable: true }))
  const file = new ParquetWriter({ writer: bytes, schema: schemaFromColumnData({ columnData: typed }) })
  // The writer goes on counting its offset while what it holds is handed on.
  const take = () => {
    const taken = bytes.getBytes().slice()
    bytes.index = 0
    return taken
  }
  let group: ExportedRow[] = []
  const write = () => {
    file.write({ columnData: columnsOf(group), rowGroupSize: groupRows })
    group = []
    return take()
  }
  for await (const row of rows) {
    group.push(row)
    if (group.length === groupRows) yield write()
  }
  if (group.length > 0) yield write()
  file.finish()
  yield take()
}
