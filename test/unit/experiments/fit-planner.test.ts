import { expect, test } from 'vitest'
import { checkFits, fitPlanner } from '../../../experiments/checks/check-context.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { topologyFile } from '../../../launcher/topology/topology-names.ts'
import { withModel } from '../../../launcher/topology/with-model.ts'
import type { Topology } from '../../../schemas/topology.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { loadTask } from '../../../tasks/load.ts'

const llm = withModel(await readTopology(topologyFile('llm')), 'm')
const task = await loadTask(bundledTask)
const contexts = (tokens: number | null) => new Map([['planner', tokens]] as const)
const withOptions = (options: object): Topology => {
  const { planner } = llm.agents
  return { ...llm, agents: { ...llm.agents, planner: { ...planner, options: { ...planner.options, ...options } } } }
}

test.each([6000, 8192, 12_000, 16_384])('a planner fits a context of %i tokens by itself', (tokens) => {
  const fitted = fitPlanner(llm, contexts(tokens))
  expect(fitted.agents.planner.options).toMatchObject({
    contextChars: expect.any(Number),
    maxTokens: expect.any(Number),
  })
  expect(() => checkFits(task, fitted, contexts(tokens))).not.toThrow()
})

test.each([null, 32_768, 131_072])('a context of %s tokens changes nothing', (tokens) => {
  expect(fitPlanner(llm, contexts(tokens))).toBe(llm)
})

test('what a topology says itself stays, and is refused where it does not fit', () => {
  const own = withOptions({ contextChars: 24_000 })
  expect(fitPlanner(own, contexts(8192))).toBe(own)
  expect(() => checkFits(task, own, contexts(8192))).toThrow(/prompt of the planner wants/)
})

test('a context without room for the rest of the prompt is refused', () => {
  const fitted = fitPlanner(llm, contexts(2048))
  expect(fitted).toBe(llm)
  expect(() => checkFits(task, fitted, contexts(2048))).toThrow(/prompt of the planner wants/)
})
