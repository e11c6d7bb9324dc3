/**
 * `npm run bench -- --copies [--rows n] [--latency ms]`: what three copies cost beside one, on three servers of this machine with TLS.
 * Entries of the journal's size a second, one after the other and 64 at a time; the servers' processor time for one; and the wall of
 * `generate`.
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

async function writing(cluster: TestCluster, atATime: number, time: number) {
  const bus = await cluster.open('generator', 'llm')
  const journal = bus.kv('journal', z.object({ text: z.string() }))
  const text = 'x'.repeat(entryChars)
  const count = atATime === 1 ? entries / 8 : entries
  let next = 0
  const before = await processorS(cluster.pids())
  const startedAt = performance.now()
  const lane = async () => {
    while (next < count) await journal.create(`b${atATime}-${time}.${next++}`, { text })
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

/** The middle one of three. */
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[1]!

/** Both kinds are measured in turn, three times, so that whatever else the machine does meets both. */
export async function benchCopies(rows: number, latencyMs: number): Promise<void> {
  await using one = await withSecuredCluster({ copies: 1, topology: true })
  await using three = await withSecuredCluster({ copies: 3, topology: true })
  const kinds = [
    { copies: 1, cluster: one.cluster },
    { copies: 3, cluster: three.cluster },
  ] as const
  const measured = kinds.map(() => [] as Awaited<ReturnType<typeof measure>>[])
  for (let time = 0; time < 3; time++)
    for (const [index, { copies, cluster }] of kinds.entries())
      measured[index]!.push(await measure(cluster, copies, time))
  console.table(
    kinds.map(({ copies }, index) => {
      const of = (key: Exclude<keyof (typeof measured)[number][number], 'datasetHash'>) =>
        median(measured[index]!.map((each) => each[key]))
      return {
        copies,
        'entries/s, one at a time': Math.round(of('onePerSecond')),
        'entries/s, 64 at a time': Math.round(of('manyPerSecond')),
        'servers’ CPU, ms an entry': Number(of('entryMs').toFixed(3)),
        [`generate ${rows} rows, s`]: Number(of('wallS').toFixed(1)),
        'servers’ CPU, ms a row': Number(of('rowMs').toFixed(2)),
        'kB a row and copy': Number(of('storedKb').toFixed(2)),
        dataset: [...new Set(measured[index]!.map(({ datasetHash }) => datasetHash))].join(', '),
      }
    }),
  )

  async function measure(cluster: TestCluster, copies: 1 | 3, time: number) {
    const single = await writing(cluster, 1, time)
    const many = await writing(cluster, 64, time)
    const { wallS, serversMs, storedKb, datasetHash } = await generating(cluster, copies, rows, latencyMs)
    return {
      onePerSecond: single.perSecond,
      manyPerSecond: many.perSecond,
      entryMs: many.serversMs,
      wallS,
      rowMs: serversMs,
      storedKb,
      datasetHash,
    }
  }
}
