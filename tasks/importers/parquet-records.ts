import { isUtf8 } from 'node:buffer'
import { basename } from 'node:path'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { TaskError } from '../task-error.ts'
import { exactInteger } from './parse-json.ts'
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
    const rows = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd, utf8: false }).catch(
      (error) => {
        throw broken(error)
      },
    )
    for (const [index, row] of rows.entries()) {
      yield { where: `${basename(path)}[${rowStart + index}]`, value: plain(row) as Record<string, unknown> }
    }
    rowStart = rowEnd
  }
}

/** A value as JSON would have it: times in ISO 8601, bytes as the text they spell, else in hexadecimal. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return exactInteger(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array)
    return isUtf8(value) ? Buffer.from(value).toString() : Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(plain)
  const isObject = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  return isObject ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)])) : value
}
