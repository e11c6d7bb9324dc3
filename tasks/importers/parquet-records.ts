import { fork } from 'node:child_process'
import { on } from 'node:events'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TaskError } from '../task-error.ts'
import { type ParquetLimits, parquetLimits } from './parquet-limits.ts'
import type { ParquetBatch } from './parquet-process.ts'
import type { SourceRecord } from './source-file.ts'

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
