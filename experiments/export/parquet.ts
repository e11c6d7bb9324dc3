import { ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import type { ExportedRow } from './layouts.ts'

/** Rows of one row group, which is in memory while it is written. */
const groupRows = 10_000

/** A Parquet file of text columns in pieces. */
export async function* parquet(
  rows: AsyncIterable<ExportedRow>,
  columns: readonly string[],
): AsyncGenerator<Uint8Array> {
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
