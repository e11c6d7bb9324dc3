import { describe, expect, test } from 'vitest'
import { variedArms } from '../../../experiments/compare/arms.ts'
import type { CompareOptions } from '../../../experiments/compare/options.ts'
import { armsOfVary, distinctArmNames, parseVary, topologyParts } from '../../../experiments/compare/vary.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'

const llmFile = new URL('../../../deploy/topologies/llm.yaml', import.meta.url).pathname
const base = await readTopology(llmFile)
const options = (vary: readonly string[], more: Partial<CompareOptions> = {}) => ({
  ...{ vary, product: false, runs: 6, topology: llmFile, seed: 1, dryRun: true, json: false },
  ...more,
})
const armsOf = (vary: string | readonly string[], more: Partial<CompareOptions> = {}) =>
  variedArms(base, null, options([vary].flat(), more))

describe('a --vary is read', () => {
  test.each([
    ['generator=llm,./mine.ts', 'agents.generator.variant', ['llm', './mine.ts']],
    ['agents.generator.variant=llm, procedural', 'agents.generator.variant', ['llm', 'procedural']],
    ['generator=@me/agents/mine,python:./mine.py', 'agents.generator.variant', ['@me/agents/mine', 'python:./mine.py']],
    ['planner.options.temperature=0.2,1.0', 'agents.planner.options.temperature', [0.2, 1]],
    ['run.rows=100,200', 'run.rows', [100, 200]],
    ['run.racing.seeds=0,2', 'run.racing.seeds', [0, 2]],
    ['run.teacherCalls=null,50', 'run.teacherCalls', [null, 50]],
    ['teacher.attempts=1,2', 'teacher.attempts', [1, 2]],
    ['trainer-bridge.options.student=embedded,"a, b"', 'agents.trainer-bridge.options.student', ['embedded', 'a, b']],
    [
      'generator=llm,{variant: procedural, options: {a: 1}}',
      'agents.generator.variant',
      ['llm', { variant: 'procedural', options: { a: 1 } }],
    ],
    [
      'critic.options.weights=[1,2],[2,1]',
      'agents.critic.options.weights',
      [
        [1, 2],
        [2, 1],
      ],
    ],
  ])('%s', (text, path, values) => {
    const read = parseVary(text)
    expect([read.path.join('.'), read.values]).toEqual([path, values])
  })

  test.each([
    ['generator', 'names no place'],
    ['=llm,procedural', 'names no place'],
    ['generator=', 'names no values'],
    ['generator=llm', 'nothing to compare with'],
    ['generator=llm,llm', '"llm" is there twice'],
    ['run.rows=100,1e2', '100 is there twice'],
    ['generator=llm,,procedural', 'nothing between two commas'],
    ['teachers=1,2', 'no place "teachers"'],
    ['run=1,2', 'no place "run"'],
    ['generator.plugin=1,2', 'no place "generator.plugin"'],
    ['generator..x=1,2', 'no place "generator..x"'],
    ['generator.options=1,2', 'no place "generator.options"'],
    ['storage.copies=1,3', 'no place "storage.copies"'],
    ['run.rows=[1,2', 'cannot be read'],
  ])('%s is refused', (text, why) => {
    expect(() => parseVary(text)).toThrow(why)
    expect(() => parseVary(text)).toThrow(`--vary ${text}: `)
  })
})

test('several are combined only where their product is asked for; no place is named twice', () => {
  const two = ['generator=llm,procedural', 'run.rows=1,2,3'].map(parseVary)
  expect(() => armsOfVary(two, false)).toThrow('their combinations are 6 arms')
  expect(armsOfVary(two, true).map((arm) => arm.map(({ value }) => value))).toEqual([
    ...[
      ['llm', 1],
      ['llm', 2],
      ['llm', 3],
    ],
    ...[
      ['procedural', 1],
      ['procedural', 2],
      ['procedural', 3],
    ],
  ])
  const twice = ['run.rows=1,2', 'run.rows=3,4'].map(parseVary)
  expect(() => armsOfVary(twice, true)).toThrow('run.rows twice')
})

test('paths of variants are from the folder of the command, and are written from that of the topology', () => {
  const path = ['agents', 'generator', 'variant']
  const variantOf = (value: string) => topologyParts([{ path, value }], '/some/where/t.yaml')
  const here = process.cwd().slice(1)
  expect(variantOf('./mine.ts')).toEqual({ agents: { generator: { variant: `../../${here}/mine.ts` } } })
  expect(variantOf('python:./mine.py')).toEqual({ agents: { generator: { variant: `python:../../${here}/mine.py` } } })
  expect(variantOf('/some/where/mine.ts')).toEqual({ agents: { generator: { variant: './mine.ts' } } })
  expect(variantOf('@me/agents')).toEqual({ agents: { generator: { variant: '@me/agents' } } })
})

test('names of arms are names of runs, each once', () => {
  expect(
    distinctArmNames(['temperature 0.2', 'temperature 1', 'temperature "0.2"', '…', 'A/b', 'x'.repeat(40)]),
  ).toEqual([...['temperature-0-2', 'temperature-1', 'temperature-0-2-2', 'arm', 'a-b', 'x'.repeat(24)]])
})

describe('the arms of a topology', () => {
  test('an arm has the topology but for its own setting', async () => {
    const arms = await armsOf('generator.options.temperature=0.2,1')
    expect([...arms.keys()]).toEqual(['temperature-0-2', 'temperature-1'])
    for (const [at, { topology, changes }] of [...arms.values()].entries()) {
      const temperature = [0.2, 1][at]!
      const { generator } = base.agents
      const own = { ...generator, options: { ...generator.options, temperature } }
      expect(topology).toEqual({ ...base, agents: { ...base.agents, generator: own } })
      expect(changes).toEqual({ settings: { 'generator.options.temperature': String(temperature) } })
    }
  })

  test('options of one variant are not handed to another; one that asks a model has the model', async () => {
    const arms = await armsOf('planner=rules,llm-iterative,llm-blind', { model: 'some-model' })
    const planners = [...arms.values()].map(({ topology }) => topology.agents.planner)
    expect(planners.map(({ variant }) => variant)).toEqual([...arms.keys()])
    expect(planners[0]!.options).toEqual({})
    for (const { options: own } of planners.slice(1))
      expect(own).toEqual({ ...base.agents.planner.options, model: 'some-model' })
    const local = new URL('../../../deploy/topologies/local.yaml', import.meta.url).pathname
    const generators = await variedArms(await readTopology(local), null, {
      ...options(['generator=procedural,llm'], { topology: local, model: 'm' }),
      vary: ['generator=procedural,llm'],
    })
    expect(generators.get('llm')!.topology.agents.generator.options).toEqual({ model: 'm' })
    expect(generators.get('procedural')!.topology).toEqual(await readTopology(local))
  })

  test('a model that is varied is not the one that the command names', async () => {
    const arms = await armsOf('generator.options.model=one,two', { model: 'three' })
    const { generator, planner } = arms.get('model-two')!.topology.agents
    expect([generator.options.model, planner.options.model]).toEqual(['two', 'three'])
  })

  test.each([
    ['generator=llm,mine', {}, 'With --vary generator=mine: ', 'unknown variant "mine"'],
    ['generator=llm,./not-there.ts', {}, 'With --vary generator=./not-there.ts: ', 'there is no file'],
    ['run.rowz=1,2', {}, 'With --vary run.rowz=1: ', 'rowz'],
    ['run.rows=1,two', {}, 'With --vary run.rows=two: ', 'run.rows'],
    ['generator.replicas=1,2000', {}, 'With --vary generator.replicas=2000: ', 'replicas'],
    ['run.rows=1,2', { rows: 5 }, '--vary gives run.rows to each arm', '--rows gives one to all'],
    ['run.teacherCalls=1,2', { budget: 5 }, '--vary gives run.teacherCalls', '--budget gives one to all'],
  ])('%s %j is refused at the start', async (vary, more, where, why) => {
    const refused = expect(armsOf(vary, more)).rejects
    await refused.toThrow(where)
    await expect(armsOf(vary, more)).rejects.toThrow(why)
  })
})
