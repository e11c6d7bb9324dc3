import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PlannerState } from '../../../agents/planner/state.ts'
import { newRun } from '../../../agents/planner/step.ts'
import type { Bus } from '../../../bus/mod.ts'
import { readRun } from '../../../experiments/run/follow-run.ts'
import { beginMember, membersOf, writeSummary } from '../../../experiments/run-set/run-set.ts'
import { createReporter } from '../../../launcher/console/reporter.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { RunStarted } from '../../../schemas/messages/run.ts'
import { UsageError } from '../../../schemas/user-error.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { loadTask } from '../../../tasks/load.ts'
import { type TestServer, withServer } from '../../support/nats.ts'

const task = await loadTask(bundledTask)
const topology = await readTopology(defaultTopology)
const request = { seed: 5 }
const members = membersOf('night', 5, 2)
let server: TestServer
let operator: Bus
let folder: string

beforeEach(async () => {
  server = await withServer()
  operator = await server.open('operator')
  folder = await mkdtemp(join(tmpdir(), 'syllabus-set-'))
})
afterEach(async () => {
  delete process.env.SYLLABUS_RUNS
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const begin = (index: number) => beginMember(operator, members[index]!, { task, topology, request })
const configOf = async (runId: string) =>
  RunStarted.schema.parse((await readRun(operator, runId)).find(({ name }) => name === 'run-started')!.payload).config

test('a run of a set is started once, and gone on with when its command is given again', async () => {
  expect(await begin(0)).toEqual({ runId: 'night-1', fromSeq: 1 })
  const config = await configOf('night-1')
  expect(config.seed).toBe(5)
  const planner = await server.open('planner')
  await planner.kv('runs', PlannerState).create('night-1', newRun(config, 'run-started'))
  expect(await begin(0)).toMatchObject({ runId: 'night-1' })
  const names = (await readRun(operator, 'night-1')).map(({ name }) => name)
  expect(names).toEqual(['run-started', 'operator-command'])
  expect(await begin(1)).toEqual({ runId: 'night-2', fromSeq: 1 })
  expect((await configOf('night-2')).seed).toBe(6)

  const other = { task, topology, request }
  await expect(beginMember(operator, { runId: 'night-1', seed: 9 }, other)).rejects.toThrow(UsageError)
  const changed = { task, topology, request: { ...request, attempts: 9, rows: 77 } }
  await expect(beginMember(operator, members[0]!, changed)).rejects.toThrow(
    'another number of attempts, another number of rows',
  )
  // Nobody has taken it up yet, so there is nothing to resume: it is waited for.
  expect(await begin(1)).toEqual({ runId: 'night-2', fromSeq: 1 })
  expect((await readRun(operator, 'night-2')).map(({ name }) => name)).toEqual(['run-started'])
})

test('a summary is written of runs that opened nothing, too', async () => {
  await begin(0)
  process.env.SYLLABUS_RUNS = folder
  const lines: string[] = []
  const reporter = { ...createReporter(), line: (text: string) => void lines.push(text), json: () => {} }
  await writeSummary(operator, 'night', members, reporter)
  expect(lines[0]).toBe('set night: none of 2 runs had a final evaluation')
  const summary = JSON.parse(await readFile(join(folder, 'night/summary.json'), 'utf8'))
  expect(summary.runs.map(({ status }: { status: string }) => status)).toEqual(['not begun', 'not begun'])
  expect(await readFile(join(folder, 'night/summary.md'), 'utf8')).toContain('| night-2 | 6 | not begun |')
})
