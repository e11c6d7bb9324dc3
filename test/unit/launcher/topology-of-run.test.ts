import { expect, test } from 'vitest'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { topologyOfRun } from '../../../launcher/topology/topology-of-run.ts'
import type { RunConfig } from '../../../schemas/run.ts'
import { configOf } from '../../support/planner-fixtures.ts'

const local = await readTopology(defaultTopology)
const llm = await readTopology(new URL('../../../deploy/topologies/llm.yaml', import.meta.url).pathname)
const variants = Object.fromEntries(
  Object.entries(llm.agents).map(([role, { variant }]) => [role, variant]),
) as RunConfig['variants']
const run = configOf({ variants, models: { planner: 'thinker', generator: 'teacher' } })

test('a run goes on with its own models, whatever the topology names', () => {
  const { agents } = topologyOfRun(llm, run)
  expect([agents.planner.options.model, agents.generator.options.model]).toEqual(['thinker', 'teacher'])
})

test('agents that would never be given its messages are refused, with what fixes it', () => {
  expect(() => topologyOfRun(local, run)).toThrow('planner "llm-iterative"')
})

test('another model is refused: journal, limits and prices are those of the first', () => {
  expect(() => topologyOfRun(llm, run, 'another')).toThrow('asks the model "thinker"')
  expect(() => topologyOfRun(llm, configOf({ variants, models: { planner: 'm', generator: 'm' } }), 'm')).not.toThrow()
})

test('a run that does not say its models, being older, takes the one that is named', () => {
  const { agents } = topologyOfRun(llm, configOf({ variants }), 'm')
  expect([agents.planner.options.model, agents.generator.options.model]).toEqual(['m', 'm'])
})

test("the run's own student is trained, unless the topology names the same one", () => {
  const studentOf = (student: string | undefined, topology = llm) =>
    topologyOfRun(topology, { ...run, student }).agents['trainer-bridge'].options.student
  expect([studentOf('Qwen/Qwen2.5-0.5B'), studentOf('embedded'), studentOf(undefined)]).toEqual([
    'Qwen/Qwen2.5-0.5B',
    llm.agents['trainer-bridge'].options.student,
    llm.agents['trainer-bridge'].options.student,
  ])
})

test('a setting by the name that it had before is refused with the name that it has now', async () => {
  const evidence = Object.fromEntries([
    ['guard', 'ladder'],
    ['constructor', 1],
  ])
  const over = { run: { evidence }, supervisor: { paidDrainMs: 5 } }
  const error = await readTopology(defaultTopology, { over }).then(String, String)
  expect(error).toContain('there is no "guard", "constructor"; "guard" is "ladder" now')
  expect(error).toContain('supervisor: there is no "paidDrainMs"; "paidDrainMs" is "meteredDrainMs" now')
})
