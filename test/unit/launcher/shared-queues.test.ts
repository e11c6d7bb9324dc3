import { afterEach, expect, test, vi } from 'vitest'
import { givenTo, keptFrom } from '../../../launcher/shared-queues.ts'
import { boundTo, queuesIn } from '../../../launcher/topology/queues.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { withModel } from '../../../launcher/topology/with-model.ts'
import type { RunConfig } from '../../../schemas/run.ts'

const file = await readTopology(new URL('../../../deploy/topologies/llm.yaml', import.meta.url).pathname)
const topology = withModel(file, 'new')
const env = { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }
const elsewhere = { OPENAI_BASE_URL: 'http://127.0.0.1:2/v1' }
const variants = Object.fromEntries(Object.entries(file.agents).map(([role, { variant }]) => [role, variant])) as never
const older = (runId: string, model: string) => ({ runId, models: { generator: model }, variants })
const bound = (runId: string, model: string, { at = env, own }: { at?: typeof env; own?: string } = {}) => ({
  ...older(runId, model),
  ...boundTo(withModel(file, model), at, own),
})
afterEach(() => vi.unstubAllEnvs())

test('two runs of an older version with other models share a queue: the first is named', () => {
  expect(() => givenTo([older('two', 'new'), older('one', 'old')], topology, variants)).toThrow('Run one was begun')
  expect(givenTo([older('two', 'new'), { ...older('three', 'old'), models: {} }], topology, variants)).toEqual(['two'])
})

test('a new run shares none with them, and none with a run of another model', () => {
  const queues = queuesIn(topology, env)
  expect(givenTo([older('one', 'old'), bound('one', 'old')], topology, queues)).toEqual([])
})

test('one of other variants is left to their agents', () => {
  const other = { ...older('one', 'old'), variants: { ...(variants as object), generator: 'procedural' } as never }
  expect(givenTo([other], topology, variants)).toEqual([])
})

const runs = [
  bound('shared', 'new'),
  bound('own', 'new', { own: 'own' }),
  bound('of-a-set-1', 'new', { own: 'of-a-set' }),
  bound('other', 'old'),
  bound('away', 'new', { at: elsewhere }),
]

test.each([
  ['a new run', 'mine', []],
  ['a run that goes on', 'own', ['own']],
  ['a set that goes on', 'of-a-set', ['of-a-set-1']],
  ['every run of the model and its address', undefined, ['shared']],
])('agents of %s are given what is in their queue alone', (_, own, given) => {
  expect(givenTo(runs, topology, queuesIn(topology, env, own))).toEqual(given)
})

test('an agent that is added is told which runs it could help', () => {
  vi.stubEnv('OPENAI_BASE_URL', env.OPENAI_BASE_URL)
  const helped = (role: 'generator' | 'evaluator') => keptFrom(runs as unknown as RunConfig[], role, topology)
  expect(helped('generator')).toEqual([
    expect.stringMatching(/^run own keeps .* --run own$/),
    expect.stringMatching(/^run of-a-set-1 .* --run of-a-set-1$/),
  ])
  expect(helped('evaluator')).toEqual([])
})
