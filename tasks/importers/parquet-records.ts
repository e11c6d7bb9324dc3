import { fork } from 'node:child_process'
import { on } from 'node:events'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TaskError } from '../task-error.ts'
import type { SourceRecord } from './source-file.ts'

/** The next rows, in the file's order; null: there are no more. Or why the file is refused. */
export type ParquetBatch = { rows: Record<string, unknown>[] | null } | { refused: string }

/** What reading one Parquet file may take: a few hundred bytes of it can stand for 2^40 rows, or a text of 1 MB a million times. */
export type ParquetLimits = {
  /** Memory that its process grows by. */
  maxBytes: number
  /** Processor time between two batches of rows: that of decoding one row group. */
  maxCpuMs: number
  maxRows: number
  /** Characters of all values together. */
  maxChars: number
}

const mebibyte = 1024 ** 2

/** Real files unpack to 2 to 20 times their size; hardly any has less than a bit for a row. */
export const parquetLimits = (fileBytes: number): ParquetLimits => ({
  maxBytes: 1024 * mebibyte + 16 * fileBytes,
  maxCpuMs: 10_000 + Math.ceil(fileBytes / 1000),
  maxRows: 10_000 + 8 * fileBytes,
  maxChars: 256 * mebibyte + 100 * fileBytes,
})

const program = fileURLToPath(new URL('./parquet-process.ts', import.meta.url))

/**
 * The records of a Parquet file, one row group at a time in the memory of a process of its own, which goes with its reader.
 *
 * @throws {TaskError} where the file cannot be read, or takes more than a file of its size may (`parquetLimits`).
 */
export async function* parquetRecords(
  path: string,
  changes: Partial<ParquetLimits> = {},
): AsyncGenerator<SourceRecord> {
  const refused = (why: string, fix: string) => new TaskError(`The Parquet file cannot be read: ${why}`, path, fix)
  const limits = { ...parquetLimits((await stat(path)).size), ...changes }
  const megabytes = Math.ceil(limits.maxBytes / 1024 ** 2)
  const child = fork(program, [path, JSON.stringify(limits)], {
    env: {},
    execArgv: [`--max-old-space-size=${megabytes}`],
    serialization: 'advanced',
    stdio: 'ignore',
  })
  const ended = new AbortController()
  child.once('exit', () => ended.abort())
  // Of a message to a process that has just died; its end says the rest.
  child.on('error', () => {})
  try {
    child.send('next')
    let index = 0
    for await (const [batch] of on(child, 'message', { signal: ended.signal }) as AsyncIterable<[ParquetBatch]>) {
      if ('refused' in batch) throw refused(batch.refused, 'Fetch the file again; it may be cut off.')
      if (batch.rows === null) return
      for (const value of batch.rows) yield { where: `${basename(path)}[${index++}]`, value }
      child.send('next')
    }
  } catch (error) {
    if (!ended.signal.aborted) throw error
    const why = `it takes more than ${megabytes} MiB of memory, or ${limits.maxCpuMs / 1000} s of processor time`
    throw refused(why, 'Write it again with smaller row groups, or as JSON Lines.')
  } finally {
    child.kill('SIGKILL')
  }
}
