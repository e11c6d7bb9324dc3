import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from 'simple-statistics'
import { startOtlpReceiver } from '../support/otlp-receiver.ts'
import { benchRun } from './one-run.ts'

/** A receiver that takes connections and never answers. */
async function silentReceiver(): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((socket) => socket.resume().on('error', () => {})).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}

/**
 * What traces cost: `generate` without a receiver, with one that works, one that is not there and one that never answers. All go side by
 * side, so that what else the machine does is the same for all of them. The first round is of fresh homes and counts for nothing.
 */
export async function benchTraces(rows: number, latencyMs: number, times: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-bench-traces-'))
  await using works = await startOtlpReceiver()
  await using silent = await silentReceiver()
  const endpoints = { unset: '', works: works.url, dead: 'http://127.0.0.1:1', silent: silent.url }
  const used = Object.keys(endpoints).map((arm) => ({
    arm,
    port: 0,
    rows: [] as number[],
    wallS: [] as number[],
    cpuS: [] as number[],
  }))
  try {
    for (let time = 0; time <= times; time++) {
      const round = used.map(async (each) => {
        const endpoint = endpoints[each.arm as keyof typeof endpoints]
        const settings = { calls: rows, generators: 1, latencyMs, faults: {}, hook: false, port: each.port }
        const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }
        const home = join(folder, each.arm)
        const report = await benchRun({ ...settings, home, out: join(folder, `${each.arm}-${time}`), env })
        each.port = report.port
        if (time === 0) return
        each.rows.push(report.rows)
        each.wallS.push(report.wallS)
        each.cpuS.push(report.cpuS)
      })
      await Promise.all(round)
    }
    const [unset] = used
    const beside = (kind: 'wallS' | 'cpuS', of: (typeof used)[number]) =>
      median(of[kind].map((value, index) => value - unset![kind][index]!))
    const shown = (values: readonly number[]) => values.map((value) => value.toFixed(2)).join(' ')
    console.table(
      used.map((each) => ({
        receiver: each.arm,
        rows: [...new Set(each.rows)].join(' '),
        wallS: shown(each.wallS),
        'wall beside unset, s': Number(beside('wallS', each).toFixed(3)),
        '% of the wall': Number(((100 * beside('wallS', each)) / median(unset!.wallS)).toFixed(2)),
        cpuS: shown(each.cpuS),
        'CPU beside unset, s': Number(beside('cpuS', each).toFixed(3)),
      })),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
