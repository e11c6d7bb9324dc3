import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Bus } from '../../../bus/mod.ts'
import { TrackerLimits } from '../../../schemas/session-limits.ts'
import { mlflow } from '../../../trackers/mlflow/tracker.ts'
import { tensorboard } from '../../../trackers/tensorboard/tracker.ts'
import type { Tracker } from '../../../trackers/tracker.ts'
import { wandb } from '../../../trackers/wandb/tracker.ts'
import { type WriteOptions, writeRun } from '../../../trackers/write-run.ts'
import { runLog } from '../../support/run-log.ts'

/**
 * With the trackers' own packages, where SYLLABUS_TRACKERS names a Python that has mlflow, tensorboard and wandb:
 * `python3 -m venv v && v/bin/pip install mlflow tensorboard wandb`, then `SYLLABUS_TRACKERS=$PWD/v/bin/python`.
 */
const python = process.env.SYLLABUS_TRACKERS ?? ''
const script = join(import.meta.dirname, 'tracker-server.py')

const log = runLog({ seeds: 2 })
const { runId } = log[0]!
const bus: Pick<Bus, 'log' | 'streams'> = {
  async *log({ fromSeq = 1 }) {
    yield* log.filter(({ seq }) => seq >= fromSeq)
  },
  streams: async () => [{ account: 'LAB', created: 'then', lastSeq: 0, bytes: 0, maxBytes: 0, deadLetters: 0 }],
}
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-own-trackers-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const written = async <State>(tracker: Tracker<State>, home = folder) => {
  const quiet = { info() {}, warn() {}, error() {}, debug() {} } as unknown as WriteOptions['log']
  const limits = TrackerLimits.parse({ flushMs: 60_000 })
  const files = async () => [{ path: 'report.md', text: '# Report' }]
  const writing = await writeRun(tracker, { ...limits, bus, runId, home, log: quiet, line: () => {}, files })
  return writing!.finish()
}
const ask = async (...args: string[]) => {
  const { stdout } = await promisify(execFile)(python, [script, ...args], { maxBuffer: 2 ** 24 })
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as unknown
}

const Points = z.record(z.string(), z.array(z.tuple([z.number(), z.number()])))

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe.skipIf(python === '')('with their own packages', () => {
  test('TensorBoard reads the event files', async () => {
    expect(await written(tensorboard(join(folder, 'runs')))).toMatchObject({ isAll: true })
    const Found = z.record(z.string(), z.object({ scalars: Points, texts: z.array(z.string()) }))
    const found = Found.parse(await ask('files', join(folder, 'runs'), runId))
    expect(Object.keys(found)).toEqual(expect.arrayContaining(['run', 'base', 'attempt-1', 'control', 'final-s2']))
    expect(found['attempt-1']?.scalars['train/loss']?.length).toBeGreaterThan(5)
    expect(found.run?.texts).toEqual(expect.arrayContaining(['parameters', 'report.md']))
  }, 120_000)

  test('a real MLflow server takes a run once, also where nobody remembers that it did', async () => {
    const address = `http://127.0.0.1:${await freePort()}`
    const args = ['-m', 'mlflow', 'server', '--port', new URL(address).port, '--workers', '1']
    const stores = [
      '--backend-store-uri',
      `sqlite:///${folder}/mlflow.db`,
      '--artifacts-destination',
      join(folder, 'art'),
    ]
    const server = spawn(python, [...args, ...stores], { stdio: 'ignore', detached: true })
    try {
      const isUp = () =>
        fetch(`${address}/health`).then(
          ({ ok }) => ok,
          () => false,
        )
      await expect.poll(isUp, { timeout: 120_000, interval: 500 }).toBe(true)
      const tracker = () => mlflow({ MLFLOW_TRACKING_URI: address }, { timeoutMs: 20_000, line: () => {} })
      const Found = z.record(
        z.string(),
        z.object({
          status: z.string(),
          parent: z.string().nullable(),
          params: z.record(z.string(), z.string()),
          metrics: Points,
          files: z.array(z.string()),
        }),
      )
      expect(await written(tracker())).toMatchObject({ isAll: true })
      const once = Found.parse(await ask('mlflow', address, runId))
      expect(Object.keys(once)).toEqual(expect.arrayContaining(['search', 'attempt-1', 'control', 'final']))
      expect(once.search).toMatchObject({
        status: 'FINISHED',
        parent: null,
        params: { seed: expect.any(String) },
        files: ['report.md'],
      })
      expect(once.control).toMatchObject({ parent: 'search', params: { arm: 'control' }, files: ['program.json'] })
      expect(Object.keys(once.control!.metrics)).toEqual(expect.arrayContaining(['validation/strict', 'test/strict']))
      // Another home, as after a disk was lost: the same runs, and no metric twice.
      expect(await written(tracker(), join(folder, 'other'))).toMatchObject({ isAll: true })
      expect(Found.parse(await ask('mlflow', address, runId))).toEqual(once)
    } finally {
      process.kill(-server.pid!, 'SIGKILL')
    }
  }, 300_000)

  test('`wandb sync` sends the offline runs', async () => {
    const dir = join(folder, 'wandb-runs')
    const { hint } = await written(wandb({ dir, project: 'p', entity: '', version: '0' }))
    expect(hint).toMatch(/^wandb sync .*offline-run-\d{8}_\d{6}-demo-run\*$/)
    const server = spawn(python, [script, 'wandb'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const seen: Record<string, string>[] = []
    createInterface({ input: server.stdout! }).on('line', (line) => seen.push(JSON.parse(line)))
    try {
      await expect.poll(() => seen.length, { timeout: 30_000 }).toBe(1)
      const env = { ...process.env, WANDB_BASE_URL: `http://127.0.0.1:${seen[0]!.port}`, WANDB_API_KEY: '0'.repeat(40) }
      const command = join(dirname(python), 'wandb')
      const at = hint.slice('wandb sync '.length)
      await promisify(execFile)('/bin/sh', ['-c', `${command} sync --yes ${at}`], { env, timeout: 120_000 })
    } finally {
      server.kill()
    }
    const names = new Set(seen.flatMap(({ run }) => run ?? []))
    expect(names).toEqual(expect.objectContaining({ size: expect.any(Number) }))
    expect([...names]).toEqual(expect.arrayContaining(['demo-run', 'demo-run-control', 'demo-run-final-s2']))
    expect(
      seen.some(({ path, body }) => path?.includes('demo-run-control/file_stream') && body?.includes('test/strict')),
    ).toBe(true)
    expect(seen.some(({ path }) => path?.endsWith('/up/report.md'))).toBe(true)
  }, 240_000)
})
