// The process that reads one Parquet file for `parquetRecords`, and answers each message with its next rows. What a page says of itself
// decides how much a decoder allocates and how often it loops, and not all of it can be checked beforehand; so a thread looks at what the
// process takes and ends it.
import { once } from 'node:events'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import type { ParquetBatch, ParquetLimits } from './parquet-records.ts'
import { ParquetValues, storedParsers as parsers } from './parquet-values.ts'

const batchRows = 1000
const batchChars = 256 * 1024
const lookMs = 50

async function* batchesOf(path: string, limits: ParquetLimits): AsyncGenerator<Record<string, unknown>[]> {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file, { parsers, geoparquet: false })
  const counts = metadata.row_groups.map((group) => Number(group.num_rows))
  const total = counts.reduce((sum, count) => sum + Math.abs(count), 0)
  if (total > limits.maxRows) throw new Error(`it claims ${total} rows in ${file.byteLength} bytes`)
  let chars = 0
  const values = new ParquetValues(metadata, (length) => {
    chars += length
    if (chars > limits.maxChars) throw new Error(`it unpacks to more than ${limits.maxChars} characters`)
  })
  let rowStart = 0
  for (const count of counts) {
    const rowEnd = rowStart + count
    const options = { file, metadata, compressors, parsers, rowStart, rowEnd, utf8: false }
    let batch: Record<string, unknown>[] = []
    let sent = chars
    for (const row of await parquetReadObjects(options)) {
      batch.push(values.row(row))
      if (batch.length < batchRows && chars - sent < batchChars) continue
      yield batch
      batch = []
      sent = chars
    }
    if (batch.length > 0) yield batch
    rowStart = rowEnd
  }
}

async function serve(path: string, limits: ParquetLimits): Promise<void> {
  const batches = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const watched = { limits, batches, parent: process.ppid, rss: process.memoryUsage.rss() }
  new Worker(new URL(import.meta.url), { workerData: watched }).unref()
  const send = async (batch: ParquetBatch) => {
    Atomics.add(batches, 0, 1)
    process.send!(batch)
    await once(process, 'message')
  }
  try {
    await once(process, 'message')
    for await (const rows of batchesOf(path, limits)) await send({ rows })
    await send({ rows: null })
  } catch (error) {
    await send({ refused: (error as Error).message })
  }
}

type Watched = { limits: ParquetLimits; batches: Int32Array; parent: number; rss: number }

function watch({ limits, batches, parent, rss }: Watched): void {
  let seen = -1
  let used = process.cpuUsage()
  setInterval(() => {
    const batch = Atomics.load(batches, 0)
    if (batch !== seen) {
      seen = batch
      used = process.cpuUsage()
    }
    const { user, system } = process.cpuUsage(used)
    const isTooMuch = (user + system) / 1000 > limits.maxCpuMs || process.memoryUsage.rss() - rss > limits.maxBytes
    // Whoever asked may have been killed while a page was decoded.
    if (isTooMuch || process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
  }, lookMs)
}

if (isMainThread) {
  // Ctrl-C on the terminal is for whoever asked.
  process.on('SIGINT', () => {})
  process.once('disconnect', () => process.exit())
  const [path, limits] = process.argv.slice(2) as [string, string]
  await serve(path, JSON.parse(limits) as ParquetLimits)
} else watch(workerData as Watched)
