import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Bus, StoredEntry } from '../../../bus/mod.ts'
import { submitRun } from '../../../experiments/run/submit-run.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { loadTask } from '../../../tasks/load.ts'
import { startAgents } from '../../support/made-run.ts'
import { type TestServer, withServer } from '../../support/nats.ts'

const task = await loadTask(bundledTask)
const usual = await readTopology(defaultTopology)
const evidence = {
  seeds: 1,
  arms: [],
  submissions: false,
  retention: false,
  ladder: 'off',
  swapValidationAt: null,
} as const
let server: TestServer
let operator: Bus
let end: AbortController
let hosted: Promise<void>[]

beforeEach(async () => {
  server = await withServer()
  operator = await server.open('operator')
  end = new AbortController()
  hosted = await startAgents(server, { task, topology: usual, end: end.signal })
})
afterEach(async () => {
  end.abort()
  await Promise.all(hosted)
  await server[Symbol.asyncDispose]()
})

/** Starts a run of so many one-row shards. */
const start = (runId: string, rows: number, limits: object = {}) =>
  submitRun(
    operator,
    task,
    { ...usual, run: { ...usual.run, shardSize: 1, ...limits } },
    {
      runId,
      seed: 1,
      rows,
      attempts: 1,
      evidence: { ...evidence, arms: [] },
    },
  )

/** The entries of a run's log of that name, up to now. */
async function all(runId: string, name: string): Promise<StoredEntry[]> {
  const entries = await Array.fromAsync(operator.log({ runId, follow: false, signal: AbortSignal.timeout(10_000) }))
  return entries.filter((entry) => entry.name === name)
}

/** The first entry of a run's log of that name. */
async function first(runId: string, name: string): Promise<StoredEntry> {
  for await (const entry of operator.log({ runId, follow: true, signal: AbortSignal.timeout(60_000) })) {
    if (entry.name === name) return entry
  }
  throw new Error(`run ${runId} says no ${name}`)
}

/** Rows of the big run that were made while the small run waited for its own. */
async function waitedBehind(limits: object): Promise<number> {
  await start('big', 400, limits)
  await first('big', 'batch')
  await start('small', 6)
  const asked = await first('small', 'shard')
  await first('small', 'verdict')
  const made = (await all('small', 'batch')).at(-1)!
  return (await all('big', 'batch')).filter(({ seq }) => seq > asked.seq && seq < made.seq).length
}

test('a small run waits behind no more shards of a big one than may be in flight', async () => {
  const waited = await waitedBehind({})
  // Those in the queue, and those that the generators took beside the small run's own.
  expect(waited).toBeLessThanOrEqual(usual.run.maxShardsInFlight! + 20)
}, 60_000)

test('without that bound it waits behind all that the big one asked for', async () => {
  expect(await waitedBehind({ maxShardsInFlight: null })).toBeGreaterThan(2 * usual.run.maxShardsInFlight!)
}, 60_000)
