import { expect, test } from 'vitest'
import { otherModels } from '../../launcher/other-models.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'

const file = await readTopology(new URL('../../deploy/topologies/llm.yaml', import.meta.url).pathname)
const { generator } = file.agents
const topology = {
  ...file,
  agents: { ...file.agents, generator: { ...generator, options: { ...generator.options, model: 'new' } } },
}
const variants = Object.fromEntries(Object.entries(file.agents).map(([role, { variant }]) => [role, variant])) as never
const run = (runId: string, model: string) => ({ runId, models: { generator: model }, variants })

test('a run whose work would be made by another model is named, with both', () => {
  const lines = otherModels([run('one', 'old'), run('two', 'new'), { ...run('three', 'old'), models: {} }], topology)
  expect(lines).toEqual([expect.stringMatching(/^warning: run one is not finished, .*asked old: .* by new now/)])
})

test('one of other variants is left to their agents', () => {
  const other = { ...run('one', 'old'), variants: { ...(variants as object), generator: 'procedural' } as never }
  expect(otherModels([other], topology)).toEqual([])
})
