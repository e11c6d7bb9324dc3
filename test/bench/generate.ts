/**
 * `npm run bench -- [--faults] [--generators 1,2,4] [--rows n] [--rows-each n] [--latency ms] [--hook] [--copies] [--traces]`: `syllabus
 * generate` against a teacher of ours, first in a fresh home, then once more in the same one, which is what a user meets every day; and
 * a bare client beside it, which shows what this machine allows. With several numbers of generators one table, a row each, all in a home
 * that was used before; with `--rows-each` each has so many rows for each generator. With `--copies` what copies on three servers cost
 * (copies.ts), with `--traces` what a receiver of traces costs that is not there (traces.ts). With `--bridges 1,2,4` whole runs with a
 * stand-in runtime, by strategy (bridges.ts).
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startTeacherServer } from '../support/teacher-server.ts'
import { benchBridges } from './bridges.ts'
import { benchCopies } from './copies.ts'
import { type BenchSettings, benchRun, perGenerator } from './one-run.ts'
import { rawClientSeconds } from './raw-client.ts'
import { benchTraces } from './traces.ts'

const { values } = parseArgs({
  options: {
    faults: { type: 'boolean', default: false },
    generators: { type: 'string', default: '1' },
    rows: { type: 'string', default: '2000' },
    latency: { type: 'string', default: '200' },
    /** The rows are read by a hook of the program, in the sandbox. */
    hook: { type: 'boolean', default: false },
    'rows-each': { type: 'string' },
    copies: { type: 'boolean', default: false },
    traces: { type: 'boolean', default: false },
    /** With `--traces`: how many rounds. */
    times: { type: 'string', default: '5' },
    bridges: { type: 'string' },
  },
})
const counts = values.generators.split(',').map(Number)
const calls = Number(values.rows)
const latencyMs = Number(values.latency)
const faults = values.faults ? { http500: 0.01, http429: 0.01, hang: 0.005, cutText: 0.005, cutBody: 0.005 } : {}

const rounded = (value: unknown) => (typeof value === 'number' ? Number(value.toFixed(3)) : value)
const print = (report: object) =>
  console.log(
    JSON.stringify(Object.fromEntries(Object.entries(report).map(([key, each]) => [key, rounded(each)])), null, 2),
  )

/** Calls a second of a bare client against the same latency, as a share of what the latency allows. */
async function rawShare(generators: number, calls: number): Promise<number> {
  await using server = await startTeacherServer({ latencyMs })
  const concurrency = perGenerator * generators
  return ((calls / (await rawClientSeconds(server.url, calls, concurrency))) * latencyMs) / (concurrency * 1000)
}

if (values.bridges !== undefined) {
  await benchBridges(values.bridges.split(',').map(Number))
  process.exit(0)
}

if (values.copies) {
  await benchCopies(calls, latencyMs)
  process.exit(0)
}
if (values.traces) {
  await benchTraces(calls, latencyMs, Number(values.times))
  process.exit(0)
}

const folder = await mkdtemp(join(tmpdir(), 'syllabus-bench-'))
try {
  const settings = (name: string, generators: number, port: number): BenchSettings => ({
    home: join(folder, 'home'),
    out: join(folder, name),
    calls,
    generators,
    latencyMs,
    faults,
    hook: values.hook,
    port,
  })
  const fresh = await benchRun({ ...settings('fresh', counts[0]!, 0), calls: Math.min(calls, 2000) })
  const { wallS, secondsToFirstCall, cpuS, port } = fresh
  print({ home: 'fresh', wallS, secondsToFirstCall, cpuS })
  const table = []
  for (const generators of counts) {
    const rows = values['rows-each'] === undefined ? calls : Number(values['rows-each']) * generators
    const report = await benchRun({ ...settings(`used-${generators}`, generators, port), calls: rows })
    const rawClient = await rawShare(generators, rows)
    if (counts.length === 1)
      print({
        home: 'used before',
        calls,
        generators,
        latencyMs,
        faults: values.faults,
        hook: values.hook,
        ...report,
        rawClientShare: rawClient,
      })
    table.push({
      generators,
      rows: report.rows,
      shareFirstToLast: rounded(report.shareFirstToLast),
      shareInMiddle: rounded(report.shareInMiddle),
      rawClientShare: rounded(rawClient),
      wallS: rounded(report.wallS),
      cpuMsPerCall: rounded(report.cpuMsPerCall),
      largestProcessMb: rounded(report.largestProcessMb),
    })
  }
  if (counts.length > 1) console.table(table)
} finally {
  await rm(folder, { recursive: true, force: true })
}
