/**
 * `npm run bench -- --copies [--rows n] [--latency ms]`: what three copies cost beside one, on three servers of this machine with TLS. Entries of
 * the journal's size a second, one after the other and 64 at a time; the servers' processor time for one; and the wall of `generate`.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { withSecuredCluster } from '../cluster/stage.ts'
import type { TestCluster } from '../support/cluster.ts'
import { openGenerateFolder } from '../support/generate.ts'
import { startTeacherServer } from '../support/teacher-server.ts'

/** Characters of a usual entry of the journal. */
const entryChars = 700
const entries = 4000

/** Clock ticks a second of /proc/<pid>/stat. */
const ticks = 100

async function processorS(pids: readonly number[]): Promise<number> {
  const used = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
      const times = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return (Number(times[11]) + Number(times[12])) / ticks
    }),
  )
  return used.reduce((sum, each) => sum + each, 0)
}

async function writing(cluster: TestCluster, atATime: number) {
  const bus = await cluster.open('generator', 'llm')
  const journal = bus.kv('journal', z.object({ text: z.string() }))
  const text = 'x'.repeat(entryChars)
  const count = atATime === 1 ? entries / 8 : entries
  let next = 0
  const before = await processorS(cluster.pids())
  const startedAt = performance.now()
  const lane = async () => {
    while (next < count) await journal.create(`b${atATime}.${next++}`, { text })
  }
  await Promise.all(Array.from({ length: atATime }, lane))
  const seconds = (performance.now() - startedAt) / 1000
  const serversMs = (((await processorS(cluster.pids())) - before) * 1000) / count
  return { perSecond: count / seconds, serversMs }
}

/** Bytes of one copy of all that LAB holds. */
async function storedBytes(cluster: TestCluster): Promise<number> {
  const { jsm, nc } = await cluster.link()
  const streams = await Array.fromAsync(jsm.streams.list())
  await nc.close()
  return streams.reduce((sum, { state }) => sum + state.bytes, 0)
}

async function generating(cluster: TestCluster, copies: 1 | 3, rows: number, latencyMs: number) {
  await using folder = await openGenerateFolder()
  await using teacher = await startTeacherServer({ latencyMs })
  const topology = await folder.topology('copies', { storage: { copies } })
  const env = { NATS_URL: cluster.url, SYLLABUS_CREDENTIALS: cluster.credentialsFile }
  const [before, stored] = await Promise.all([processorS(cluster.pids()), storedBytes(cluster)])
  const startedAt = performance.now()
  const command = folder.generate('copies', teacher, ['--rows', String(rows), '--topology', topology], env)
  const exitCode = await command.ended
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}:\n${command.output()}`)
  const { datasetHash } = JSON.parse(await readFile(join(folder.path, 'copies', 'generation.json'), 'utf8'))
  return {
    wallS: (performance.now() - startedAt) / 1000,
    serversMs: (((await processorS(cluster.pids())) - before) * 1000) / rows,
    storedKb: ((await storedBytes(cluster)) - stored) / 1024 / rows,
    datasetHash: String(datasetHash).slice(0, 12),
  }
}

export async function benchCopies(rows: number, latencyMs: number): Promise<void> {
  const table = []
  for (const copies of [1, 3] as const) {
    await using secured = await withSecuredCluster({ copies, topology: true })
    const one = await writing(secured.cluster, 1)
    const many = await writing(secured.cluster, 64)
    const { wallS, serversMs, storedKb, datasetHash } = await generating(secured.cluster, copies, rows, latencyMs)
    table.push({
      copies,
      'entries/s, one at a time': Math.round(one.perSecond),
      'entries/s, 64 at a time': Math.round(many.perSecond),
      'servers’ CPU, ms an entry': Number(many.serversMs.toFixed(2)),
      [`generate ${rows} rows, s`]: Number(wallS.toFixed(1)),
      'servers’ CPU, ms a row': Number(serversMs.toFixed(2)),
      'kB a row and copy': Number(storedKb.toFixed(2)),
      dataset: datasetHash,
    })
  }
  console.table(table)
}
