import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PlannerState } from '../../../agents/planner/state.ts'
import { followRun } from '../../../experiments/run/follow-run.ts'
import { sendCommand } from '../../../experiments/run/operator-command.ts'
import { resumeRun } from '../../../experiments/run/resume-run.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { Evidence } from '../../../schemas/run.ts'
import { loadTask } from '../../../tasks/load.ts'
import { madeRun } from '../../support/made-run.ts'
import { writeMiniTask } from '../../support/mini-task.ts'
import { withServer } from '../../support/nats.ts'

test('a run that is stopped after its end, and then resumed, is told to its end at once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-ended-'))
  await using server = await withServer()
  const task = await loadTask(await writeMiniTask(join(folder, 'task')))
  const evidence = Evidence.parse({ arms: [] })
  const request = { runId: 'ended', seed: 1, attempts: 1, evidence }
  const bus = await madeRun(server, { task, topology: await readTopology(defaultTopology), request })
  const { value: state } = (await bus.kv('runs', PlannerState).get('ended'))!
  await sendCommand(bus, state, 'stop')
  const from = await resumeRun(bus, state)
  const reporter = { line() {}, progress() {}, json() {}, close() {} }
  const end = await followRun(bus, { ...from, reporter, signal: AbortSignal.timeout(5000) })
  expect(end?.status).toBe('finished')
  await rm(folder, { recursive: true, force: true })
}, 60_000)
