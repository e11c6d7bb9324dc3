import { afterAll, beforeAll, expect, test } from 'vitest'
import { hostAgent } from '../../../../agents/kit/host.ts'
import { createLog } from '../../../../agents/kit/log.ts'
import { planner } from '../../../../agents/planner/agent.ts'
import { Presence } from '../../../../bus/mod.ts'
import { topologyOfArm } from '../../../../experiments/compare/comparison.ts'
import { submitRun } from '../../../../experiments/run/submit-run.ts'
import { readTopology } from '../../../../launcher/topology/topology-file.ts'
import { withModel } from '../../../../launcher/topology/with-model.ts'
import { BusLimits } from '../../../../schemas/bus-limits.ts'
import { RunFinished, RunStarted } from '../../../../schemas/messages/run.ts'
import { Evidence } from '../../../../schemas/run.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask } from '../../../../tasks/load.ts'
import { type TestServer, until, withServer } from '../../../support/nats.ts'
import { openCast } from '../../../support/planner-cast.ts'
import { competentModel } from '../../../support/planner-script.ts'
import { openPlannerServer } from '../../../support/planner-server.ts'
import { openQueues } from '../../../support/queues.ts'

const task = await loadTask(bundledTask)
const topology = topologyOfArm(
  withModel(
    await readTopology(new URL('../../../../deploy/topologies/llm.yaml', import.meta.url).pathname),
    'scripted',
  ),
  'llm-iterative',
)

let nats: TestServer
beforeAll(async () => {
  nats = await withServer()
})
afterAll(() => nats[Symbol.asyncDispose]())

test('an agent that is stopped while its model is asked has the reply, asks no more, and the next one asks only the rest', async () => {
  const [reached, answers] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const skills = task.skills.map(({ name }) => name)
  const competent = competentModel({ skills, weak: skills[0]!, kind: 'prompt' })
  await using server = await openPlannerServer(async (asked, call) => {
    if (call === 1) reached.resolve()
    if (call === 1) await answers.promise
    return competent(asked)
  })
  process.env.OPENAI_BASE_URL = server.endpoint.baseUrl
  const end = new AbortController()
  const runId = 'stopped'
  const queues = await openQueues(nats, topology, runId)
  const shared = await openQueues(nats, topology)
  await openCast(nats, queues, { yieldOf: () => 1, scoreOf: () => 10, badCases: [] }, end.signal)
  const host = (instance: string, stop: AbortSignal, queue = queues.planner) => {
    const launch = {
      ...{ role: 'planner' as const, variant: 'llm-iterative', instance, queue, slots: 1 },
      ...{ options: { model: 'scripted' }, credentials: nats.credentials.planner, servers: nats.url, sealed: true },
      ...{ contaminationKey: null, home: nats.storeDir, delivery: {}, environment: {} },
      ...{ drainMs: 60_000, graceMs: 1000, bus: BusLimits.parse({}) },
    }
    return hostAgent(planner, launch, createLog({ role: 'planner' }, { level: 'silent' }), stop)
  }
  const stop = new AbortController()
  const first = host('planner-1', stop.signal)
  const operator = await nats.open('operator')
  const about = { runId, own: runId, seed: 1, attempts: 1, rows: 60, evidence: Evidence.parse({ arms: [] }) }
  await submitRun(operator, task, topology, about)
  await reached.promise
  stop.abort()
  answers.resolve()
  await first
  // Those of the same model and address that are not the run's are not given it.
  const bystander = host('planner-other', end.signal, shared.planner)
  await until('it is there', async () =>
    (await operator.kv('agents', Presence).keys()).some((key) => key.endsWith('planner-other')),
  )
  expect(await operator.waiting(RunStarted, shared.planner)).toBe(0)
  expect(server.asked).toHaveLength(1)

  const second = host('planner-2', end.signal)
  for await (const { name } of operator.log({ runId, follow: true, signal: AbortSignal.timeout(40_000) }))
    if (name === RunFinished.name) break
  end.abort()
  await second
  await bystander
  const prompts = server.asked.map(({ messages }) => JSON.stringify(messages))
  expect(prompts.length).toBeGreaterThan(1)
  expect(new Set(prompts).size).toBe(prompts.length)
}, 60_000)
