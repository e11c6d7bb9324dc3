import { describe, expect, test } from 'vitest'
import { type Counts, readRange, rolesOf } from '../../../cluster/node/counts.ts'
import {
  checkClock,
  checkSameCluster,
  checkSameStudent,
  faultsOfRun,
  noteOn,
  withEndpoint,
} from '../../../cluster/node/fit.ts'
import { devicesIn } from '../../../cluster/node/gpus.ts'
import { refuseUnfit } from '../../../cluster/node/prepare.ts'
import { codeVersion, workVersion } from '../../../launcher/code-version.ts'
import { agentsWanted, markOf, type WantedAgents } from '../../../launcher/wanted-agents.ts'
import type { AgentRole } from '../../../schemas/role.ts'
import { Topology } from '../../../schemas/topology.ts'

const topology = Topology.parse({
  name: 'mine',
  agents: {
    planner: { variant: 'rules' },
    generator: { variant: 'llm', options: { model: 'm' } },
    critic: { variant: 'rules' },
    'trainer-bridge': { variant: 'peft' },
    evaluator: { variant: 'scorer' },
  },
})
const wanted: WantedAgents = {
  name: 'my-run',
  roles: ['planner', 'generator'],
  topologies: [topology],
  queues: { planner: 'rules', generator: 'llm-1', critic: 'rules', 'trainer-bridge': 'peft', evaluator: 'scorer' },
  plannerQueues: [],
  addresses: { generator: 'http://10.0.0.9/v1' },
  inference: {},
  code: codeVersion(),
  work: workVersion(),
  layout: 2,
  cluster: 'c1',
  keyMark: markOf('aa'),
  studentHash: null,
}

test.each<[string, object | null]>([
  ['8', { least: 8, most: 8 }],
  ['1..8', { least: 1, most: 8 }],
  ['0..2', { least: 0, most: 2 }],
  ['64', { least: 64, most: 64 }],
  ...['0', '65', '8..1', '1...8', '1-8', '-1', '1..', '..8', '1e1', '', ' 8', 'gpus', '0..0'].map(
    (text) => [text, null] as [string, null],
  ),
])('the number "%s" is %j', (text, range) => {
  expect(readRange(text)).toEqual(range)
})

test('a node has at least one role, in the order of all', () => {
  const one = { least: 1, most: 1 }
  expect(rolesOf({ generator: one, planner: one })).toEqual(['planner', 'generator'])
  expect(() => rolesOf({} as Counts)).toThrow(/nothing to run/)
})

test.each<[string, string, string[]]>([
  ['one', 'GPU 0: NVIDIA H200 (UUID: GPU-1f)\n', ['GPU-1f']],
  [
    'two',
    'GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-a)\nGPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-b)\n',
    ['GPU-a', 'GPU-b'],
  ],
  [
    'a divided one beside a whole one',
    'GPU 0: NVIDIA H200 (UUID: GPU-a)\n  MIG 1g.18gb Device  0: (UUID: MIG-1)\n  MIG 1g.18gb Device  1: (UUID: MIG-2)\nGPU 1: NVIDIA H200 (UUID: GPU-b)\n',
    ['MIG-1', 'MIG-2', 'GPU-b'],
  ],
  ['none', 'No devices were found\n', []],
])('GPUs of a host: %s', (_what, text, devices) => {
  expect(devicesIn(text)).toEqual(devices)
})

describe('what does not fit ends a node with what, where and how', () => {
  const host = { cluster: 'c1', roles: ['critic'] as AgentRole[], contaminationKey: 'aa' }
  test.each<[string, Partial<WantedAgents>, RegExp | null]>([
    ['the same', {}, null],
    ['a command that knows no cluster and no key', { cluster: null, keyMark: null }, null],
    ['another cluster', { cluster: 'c2' }, /of the cluster c1, and run my-run goes on in the cluster c2/],
    ['other code that makes the same', { code: '0.1.0+abc' }, null],
    ['the same code, of a command that names no work version', { work: null }, null],
    [
      'other code that may make other rows',
      { code: '0.1.0+abc', work: '2.abc' },
      /work version 2\.abc\), and this node/,
    ],
    [
      'other code from before there were work versions',
      { code: '0.1.0+abc', work: null },
      /Run my-run works with Syllabus 0\.1\.0\+abc .*work version none.*this node has/,
    ],
    ['other code that makes the same, of another layout', { code: '0.1.0+abc', layout: 3 }, /layout 3 .*layout 2/],
    ['another layout', { layout: 3 }, /layout 3 .*layout 2/],
    ['another key', { keyMark: markOf('bb') }, /key of the contamination index .* not that of run my-run/],
  ])('%s', (_what, changes, expected) => {
    const faults = faultsOfRun({ ...wanted, ...changes }, host)
    expect(faults.length).toBe(expected ? 1 : 0)
    if (expected) expect(faults[0]!.what).toMatch(expected)
    expect(faults.every(({ fix }) => fix.length > 20)).toBe(true)
  })

  test('other code is told where it keeps a node from nothing', () => {
    expect(noteOn(wanted)).toBeNull()
    expect(noteOn({ ...wanted, code: '0.1.0+abc' })).toMatch(
      /^run my-run works with Syllabus 0\.1\.0\+abc, and this node/,
    )
  })

  test('a role that checks no rows needs no key', () => {
    const generators = { ...host, roles: ['generator'] as AgentRole[], contaminationKey: undefined }
    expect(faultsOfRun(wanted, generators)).toEqual([])
  })

  test.each([5000, -5000, 0, 1200])('a clock that is off by %d ms is near enough', (offsetMs) => {
    expect(() => checkClock(offsetMs, 5000)).not.toThrow()
  })

  test.each([
    [5001, 'behind'],
    [-86_400_000, 'ahead of'],
  ])('a clock that is off by %d ms is not', (offsetMs, side) => {
    expect(() => checkClock(offsetMs, 5000)).toThrow(new RegExp(`s ${side} that of the NATS servers; 5 s are allowed`))
  })

  test('servers of another cluster are named; one server alone has no name', () => {
    expect(() => checkSameCluster('a.json', { cluster: 'c1' }, 'c1')).not.toThrow()
    expect(() => checkSameCluster('a.json', { cluster: 'c1' }, null)).not.toThrow()
    expect(() => checkSameCluster('a.json', { cluster: 'c1' }, 'c2')).toThrow(/a\.json is of the cluster c1, .* c2/)
  })

  test('a student is the same as that of the run, and of the other nodes', () => {
    const [mine, theirs] = ['a'.repeat(64), 'b'.repeat(64)]
    const elsewhere = [{ node: 'gpu-2', students: { embedded: theirs } }]
    expect(() => checkSameStudent(mine, topology, wanted, [])).not.toThrow()
    expect(() => checkSameStudent(mine, topology, { ...wanted, studentHash: mine }, [])).not.toThrow()
    expect(() => checkSameStudent(theirs, topology, wanted, elsewhere)).not.toThrow()
    expect(() => checkSameStudent(mine, topology, wanted, elsewhere)).toThrow(/"embedded".* of the node gpu-2/)
    expect(() => checkSameStudent(mine, topology, { ...wanted, studentHash: theirs }, [])).toThrow(/of run my-run/)
  })

  test.each<[string, object, Record<string, string>, RegExp]>([
    ['a key that is missing', { apiKeyEnv: 'MY_KEY' }, {}, /the key in MY_KEY, and that is not set here/],
    [
      'a key for another endpoint',
      {},
      { OPENAI_API_KEY: 'k-elsewhere' },
      /key of this node is for https:\/\/api\.openai/,
    ],
  ])('%s', async (_what, options, env, expected) => {
    const { agents } = topology
    const generator = { ...agents.generator, options: { model: 'm', ...options } }
    const changed = { ...topology, agents: { ...agents, generator } }
    const agent = { role: 'generator' as const, queue: 'llm-1', topology: changed }
    await expect(withEndpoint(agent, wanted, env)).rejects.toThrow(expected)
  })
})

test('a role ends the node where it can do nothing of all that goes on; else it does what it can', () => {
  const fits = { name: 'a', roles: ['generator'] as AgentRole[], agents: [], faults: [], note: null }
  const unfit = { ...fits, name: 'b', faults: [{ role: 'generator' as const, what: 'no key', fix: 'set it' }] }
  const other = {
    ...fits,
    name: 'c',
    roles: ['critic'] as AgentRole[],
    faults: [{ what: 'other code', fix: 'bring it' }],
  }
  expect(() => refuseUnfit(['generator'], [])).not.toThrow()
  expect(() => refuseUnfit(['generator'], [fits, unfit, other])).not.toThrow()
  expect(() => refuseUnfit(['generator'], [unfit])).toThrow('no key')
  expect(() => refuseUnfit(['generator', 'critic'], [fits, other])).toThrow('other code')
})

test('each role is wanted once, and a comparison wants a planner of each topology', () => {
  const random = { ...topology, name: 'random' }
  const both = { ...wanted, topologies: [topology, random], plannerQueues: ['random'] }
  const found = agentsWanted(both, [topology, random]).map(({ role, queue }) => [role, queue])
  expect(found).toEqual([
    ['planner', 'rules'],
    ['generator', 'llm-1'],
    ['planner', 'random'],
  ])
  expect(agentsWanted({ ...both, roles: ['generator'] }, [topology, random])).toHaveLength(1)
})

test('the code is known by its sources: package version and a hash', () => {
  expect(codeVersion()).toMatch(/^\d+\.\d+\.\d+\+[0-9a-f]{12}$/)
  expect(workVersion()).toMatch(/^\d+\.[0-9a-f]{12}$/)
})
