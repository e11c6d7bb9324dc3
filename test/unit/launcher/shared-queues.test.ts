import { expect, test } from 'vitest'
import { alsoWorkedOff, sharedWith } from '../../../launcher/shared-queues.ts'
import { boundTo, queuesIn } from '../../../launcher/topology/queues.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { withModel } from '../../../launcher/topology/with-model.ts'

const file = await readTopology(new URL('../../../deploy/topologies/llm.yaml', import.meta.url).pathname)
const topology = withModel(file, 'new')
const env = { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }
const variants = Object.fromEntries(Object.entries(file.agents).map(([role, { variant }]) => [role, variant])) as never
const older = (runId: string, model: string) => ({ runId, models: { generator: model }, variants })

test('two runs of an older version with other models share a queue: the first is named', () => {
  expect(sharedWith([older('two', 'new'), older('one', 'old')], topology, variants)).toBe('one')
  expect(sharedWith([older('two', 'new'), { ...older('three', 'old'), models: {} }], topology, variants)).toBe(null)
})

test('a new run shares none with them, and none with a run of another model', () => {
  const queues = queuesIn(topology, env)
  expect(sharedWith([older('one', 'old')], topology, queues)).toBe(null)
  const bound = { ...older('one', 'old'), ...boundTo(withModel(file, 'old'), env) }
  expect(sharedWith([bound], topology, queues)).toBe(null)
})

test('one of other variants is left to their agents', () => {
  const other = { ...older('one', 'old'), variants: { ...(variants as object), generator: 'procedural' } as never }
  expect(sharedWith([other], topology, variants)).toBe(null)
})

test('a run that is not finished and asks the same model at the same address is named to whoever works it off', () => {
  const bound = (runId: string, model: string, at = env) => ({
    ...older(runId, model),
    ...boundTo(withModel(file, model), at),
  })
  const elsewhere = { OPENAI_BASE_URL: 'http://127.0.0.1:2/v1' }
  const runs = [bound('mine', 'new'), bound('alike', 'new'), bound('other', 'old'), bound('away', 'new', elsewhere)]
  expect(alsoWorkedOff(runs, 'mine')).toEqual([expect.stringMatching(/^warning: run alike .* paid with the key/)])
  expect(alsoWorkedOff(runs, 'other')).toEqual([])
})
