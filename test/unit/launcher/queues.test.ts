import { afterEach, expect, test, vi } from 'vitest'
import { variantsIn } from '../../../launcher/topology/models.ts'
import { boundTo, knowLocal, queuesIn, servedAddress, servingLocally } from '../../../launcher/topology/queues.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { boundTopology } from '../../../launcher/topology/topology-of-run.ts'
import { withModel } from '../../../launcher/topology/with-model.ts'
import { aloneIn, isShared, queueOf, queuesOf } from '../../../schemas/queue.ts'

const local = await readTopology(defaultTopology)
const llm = withModel(await readTopology(new URL('../../../deploy/topologies/llm.yaml', import.meta.url).pathname), 'm')
const at = (address: string, key?: string) => ({ OPENAI_BASE_URL: address, ...(key && { OPENAI_API_KEY: key }) })
const one = 'http://one.example/v1'
const two = 'http://two.example/v1'
const run = (env: Record<string, string>) => ({
  runId: 'r',
  models: { planner: 'm', generator: 'm' },
  ...boundTo(llm, env),
})
afterEach(() => vi.unstubAllEnvs())

test('agents that ask no model have their variant for a queue', () => {
  expect(boundTo(local, at(one))).toEqual({ addresses: {}, queues: {}, student: 'embedded' })
  expect(queuesIn(local, {})).toMatchObject({ planner: 'rules', generator: 'procedural', critic: 'rules' })
})

test('a queue is of one model at one address, and is one token of a subject', () => {
  const queues = [
    queueOf('llm', 'm', one),
    queueOf('llm', 'm', two),
    queueOf('llm', 'acme/teacher-7b:latest', one),
    queueOf('llm', '', one),
    queueOf('llm'),
  ]
  expect(new Set(queues).size).toBe(queues.length)
  for (const queue of queues) expect(queue).toMatch(/^llm(-[0-9a-f]{12})?$/)
  expect(queuesIn(llm, at(`${one}/`)).generator).toBe(queueOf('llm', 'm', one))
})

test('a key, its variable, patience and prices do not change a queue', () => {
  const other = {
    ...llm.agents.generator,
    options: { ...llm.agents.generator.options, apiKeyEnv: 'MY', concurrency: 2 },
  }
  const changed = { ...llm, agents: { ...llm.agents, generator: other } }
  expect(queuesIn(changed, at(one, 'k'))).toEqual(queuesIn(llm, at(one)))
})

test('a run whose command starts the agents has queues of its own, but of the roles whose agents are elsewhere', () => {
  const { agents } = llm
  const shared = boundTo(llm, at(one)).queues
  const own = boundTo(llm, at(one), 'mine').queues
  expect(own).not.toEqual(boundTo(llm, at(one), 'other').queues)
  const elsewhere = { ...llm, agents: { ...agents, generator: { ...agents.generator, replicas: 0 } } }
  expect(boundTo(elsewhere, at(one), 'mine').queues).toEqual({ ...own, generator: shared.generator })
  const begun = { ...run(at(one)), variants: variantsIn(llm), queues: { ...own, generator: shared.generator! } }
  expect(isShared(begun, 'planner')).toBe(false)
  expect(isShared(begun, 'generator')).toBe(true)
  expect(aloneIn({ ...begun, runId: 'mine' })).toEqual(['planner'])
  // One of a set leaves them to the next.
  expect(aloneIn({ ...begun, runId: 'mine-1' })).toEqual([])
})

test('each role has a queue of what it asks itself', () => {
  const own = { ...llm.agents.planner, options: { ...llm.agents.planner.options, baseUrl: two } }
  const bound = boundTo({ ...llm, agents: { ...llm.agents, planner: own } }, at(one))
  expect(bound.addresses).toMatchObject({ planner: two, generator: one })
})

test('runs begun before there were queues use the names of their variants', () => {
  const variants = {
    planner: 'llm-iterative',
    generator: 'llm',
    critic: 'rules',
    'trainer-bridge': 'peft',
    evaluator: 'scorer',
  }
  expect(queuesOf({ variants })).toEqual(variants)
})

test('a model that a command serves itself keeps its queue, whatever its port', () => {
  expect(queuesIn(llm, servingLocally(at(one)))).toEqual(queuesIn(llm, servingLocally(at(two))))
  expect(queuesIn(llm, servingLocally(at(one)))).not.toEqual(queuesIn(llm, at(one)))
  expect([servedAddress(servingLocally(at(one))), servedAddress(at(one))]).toEqual([one, null])
})

test('who joins a session knows the model that it serves by its address, and no other', () => {
  vi.stubEnv('OPENAI_BASE_URL', one)
  vi.stubEnv('SYLLABUS_SERVES_LOCALLY', '')
  knowLocal({ local: two })
  knowLocal(null)
  expect(servedAddress(process.env)).toBe(null)
  knowLocal({ local: one })
  expect(servedAddress(process.env)).toBe(one)
})

test('a run goes on at its own address, where no key would be sent to it', () => {
  const bound = boundTopology(llm, run(at(one)), { env: at(two) })
  expect(boundTo(bound, at(two))).toEqual(boundTo(llm, at(one)))
  expect(boundTopology(llm, run(at(one)), { env: at(one, 'key') })).toEqual(llm)
})

test('a key is never sent to an address that it was not set for: the run is refused, with what to set', () => {
  expect(() => boundTopology(llm, run(at(one)), { env: at(two, 'key') })).toThrow(
    `of run r asks m at ${one}; with topology llm it would be asked at ${two} now`,
  )
  expect(boundTopology(llm, run(at(one)), { env: at(two, 'key'), isMoved: true })).toEqual(llm)
})

test('a model served on this machine is no endpoint at another address', () => {
  expect(() => boundTopology(llm, run(servingLocally(at(one)) as never), { env: at(one) })).toThrow(
    'served by --teacher local',
  )
  expect(() => boundTopology(llm, run(at(one)), { env: servingLocally(at(one)) })).toThrow(`at ${one}`)
})

test('a run of an older version says no address, and takes the one of now', () => {
  expect(boundTopology(llm, { runId: 'r', models: { generator: 'm' } }, { env: at(two, 'key') })).toEqual(llm)
})

const withStudent = (student: string) => {
  const bridge = { ...local.agents['trainer-bridge'], options: { student } }
  return { ...local, agents: { ...local.agents, 'trainer-bridge': bridge } }
}

test('a student has a queue of its own, by its name wherever it lies; the one that comes with the project has the usual one', () => {
  const queue = (student: string) => queuesIn(withStudent(student), {})['trainer-bridge']
  expect(queue('embedded')).toBe('peft')
  expect(queue('Qwen/Qwen2.5-0.5B')).toMatch(/^peft-[0-9a-f]{12}$/)
  expect(queue('/models/Qwen2.5-0.5B/')).toBe(queue('Qwen/Qwen2.5-0.5B'))
  expect(queue('Qwen/Qwen2.5-0.5B@main')).not.toBe(queue('Qwen/Qwen2.5-0.5B'))
})
