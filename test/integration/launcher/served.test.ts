import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Bus, Presence } from '../../../bus/mod.ts'
import { resumeAgain } from '../../../experiments/run/command-again.ts'
import { checkServed, needsOf } from '../../../launcher/served.ts'
import { boundTo, queuesIn } from '../../../launcher/topology/queues.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { withModel } from '../../../launcher/topology/with-model.ts'
import { agentRoles } from '../../../schemas/role.ts'
import type { Topology } from '../../../schemas/topology.ts'
import { type TestServer, until, withServer } from '../../support/nats.ts'

/** A run that joins agents which another command started. */

const local = await readTopology(defaultTopology)
const llm = withModel(
  await readTopology(new URL('../../../deploy/topologies/llm.yaml', import.meta.url).pathname),
  'a-model',
)
let server: TestServer
let operator: Bus

beforeEach(async () => {
  server = await withServer()
  operator = await server.open('operator')
})
afterEach(() => server[Symbol.asyncDispose]())

async function started(topology: Topology, own?: string) {
  const { name, agents } = topology
  const queues = queuesIn(topology, process.env, own)
  for (const role of agentRoles) (await server.open(role, agents[role].variant)).announce({ queue: queues[role] })
  await until('all are there', async () => (await operator.kv('agents', Presence).keys()).length === agentRoles.length)
  return { pid: 7, pageUrl: 'http://page', logFile: 'log', topology: name, agents }
}

const withStudent = (topology: Topology, student: string): Topology => ({
  ...topology,
  agents: { ...topology.agents, 'trainer-bridge': { ...topology.agents['trainer-bridge'], options: { student } } },
})

test('a run is refused by agents that would never be given its messages, and taken by its own', async () => {
  const session = await started(local)
  await expect(checkServed(operator, session, needsOf(local))).resolves.toBeUndefined()
  await expect(checkServed(operator, session, needsOf(llm))).rejects.toThrow(
    'needs the planner "llm-iterative", and none is among the agents of process 7, which works with the topology "local"',
  )
  // Agents that a person added count.
  for (const role of ['planner', 'generator', 'critic'] as const)
    (await server.open(role, llm.agents[role].variant)).announce({ queue: queuesIn(llm, process.env)[role] })
  await until('the others', async () => (await operator.kv('agents', Presence).keys()).length === agentRoles.length + 3)
  await expect(checkServed(operator, session, needsOf(llm))).resolves.toBeUndefined()
})

test('agents that ask another model or train another student are refused', async () => {
  const session = await started(llm)
  await expect(checkServed(operator, session, needsOf(withModel(llm, 'better')))).rejects.toThrow(
    'The run wants a planner that asks better at https://api.openai.com/v1, and no agent of process 7',
  )
  await expect(checkServed(operator, session, needsOf(withStudent(llm, '/models/other')))).rejects.toThrow(
    'has the student "embedded", and the run wants "/models/other"',
  )
})

test('agents that a run’s command started take no other run that asks a model, and that one again', async () => {
  const session = await started(llm, 'mine')
  await expect(checkServed(operator, session, needsOf(llm))).rejects.toMatchObject({
    fix: expect.stringContaining('work for that run alone; those of npx syllabus up serve all.'),
  })
  const mine = { ...needsOf(llm), ...boundTo(llm, process.env, 'mine'), runId: 'mine' }
  await expect(checkServed(operator, session, mine)).resolves.toBeUndefined()
})

test('an interrupted run is gone on with by the topology and the teacher that it had', () => {
  expect(resumeAgain({ topology: defaultTopology })('one')).toBe('npx syllabus resume one')
  expect(resumeAgain({ topology: 'my runs/llm.yaml', teacher: 'local' })('one')).toBe(
    "npx syllabus resume one --topology 'my runs/llm.yaml' --teacher local",
  )
})
