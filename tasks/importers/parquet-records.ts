import { basename } from 'node:path'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { TaskError } from '../task-error.ts'
import type { SourceRecord } from './records.ts'

/** The records of a Parquet file, one row group at a time in memory. Errors: `TaskError` where it cannot be read. */
export async function* parquetRecords(path: string): AsyncGenerator<SourceRecord> {
  const broken = (error: unknown) =>
    new TaskError(
      `The Parquet file cannot be read: ${(error as Error).message}`,
      path,
      'Fetch the file again; it may be cut off.',
    )
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file).catch((error) => {
    throw broken(error)
  })
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows)
    const rows = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd }).catch((error) => {
      throw broken(error)
    })
    for (const [index, row] of rows.entries()) {
      yield { where: `${basename(path)}[${rowStart + index}]`, value: plain(row) as Record<string, unknown> }
    }
    rowStart = rowEnd
  }
}

/** Parquet's 64-bit integers as JSON would have them; one that a number cannot hold becomes text. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  if (Array.isArray(value)) return value.map(plain)
  const isObject = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  return isObject ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)])) : value
}
