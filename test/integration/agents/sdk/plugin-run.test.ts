import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readTopology } from '../../../../launcher/topology/topology-file.ts'
import { Batch, Verdict } from '../../../../schemas/messages/generation.ts'
import { RunStarted } from '../../../../schemas/messages/run.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask } from '../../../../tasks/load.ts'
import { madeRun } from '../../../support/made-run.ts'
import { type TestServer, withServer } from '../../../support/nats.ts'
import { folderOf, generatorText, plainRows, topologyText } from '../../../support/plugin-files.ts'

let server: TestServer
beforeAll(async () => {
  server = await withServer()
})
afterAll(() => server[Symbol.asyncDispose]())

test('a run with a generator of a file outside the repository ends, and its rows say which code made them', async () => {
  const folder = folderOf({
    'mine.ts': generatorText(`log.info('a shard'); ${plainRows}`),
    't.yaml': topologyText('generator', './mine.ts', { more: 'run: { attempts: 1 }' }),
  })
  const topology = await readTopology(join(folder, 't.yaml'))
  const task = await loadTask(bundledTask)
  const evidence = { arms: [], seeds: 1, submissions: false, retention: false }
  const request = { runId: 'own-generator', seed: 1, attempts: 1, rows: 40, evidence }
  const operator = await madeRun(server, { task, topology, request: request as never })
  const entries = await Array.fromAsync(
    operator.log({ runId: 'own-generator', follow: false, signal: AbortSignal.timeout(30_000) }),
  )
  const { hash } = topology.agents.generator.plugin!
  const { config } = RunStarted.schema.parse(entries.find(({ name }) => name === RunStarted.name)!.payload)
  expect(config.plugins?.generator).toMatchObject({ name: 'mine', version: '1.0.0', hash, reference: './mine.ts' })
  expect(JSON.stringify(config)).not.toContain(folder)
  const batches = entries.flatMap(({ name, payload }) => (name === Batch.name ? [Batch.schema.parse(payload)] : []))
  const origins = batches.flatMap(({ candidates }) => candidates.map(({ origin }) => origin))
  expect(origins.length).toBeGreaterThanOrEqual(40)
  for (const origin of origins) expect(origin).toMatchObject({ generator: 'mine', plugin: { version: '1.0.0', hash } })
  const verdict = Verdict.schema.parse(entries.findLast(({ name }) => name === Verdict.name)!.payload)
  expect(verdict.rows).toBe(40)
})
