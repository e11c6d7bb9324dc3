import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { layout } from '../../../bus/mod.ts'
import { codeVersion, workVersion } from '../../../launcher/code-version.ts'
import { variantsIn } from '../../../launcher/topology/models.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { withModel } from '../../../launcher/topology/with-model.ts'
import { WantedAgents } from '../../../launcher/wanted-agents.ts'
import type { Role } from '../../../schemas/role.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { loadTask } from '../../../tasks/load.ts'
import { meteredTwice, quickRedelivery } from '../../support/generate.ts'
import { until } from '../../support/nats.ts'
import { joinFile, useNodes } from '../../support/nodes.ts'
import { openStudent } from '../../support/stand-in-student.ts'
import { startTeacherServer, type TeacherServer } from '../../support/teacher-server.ts'

const nodes = useNodes()
let teacher: TeacherServer
beforeAll(async () => {
  teacher = await startTeacherServer()
})
afterAll(() => teacher[Symbol.asyncDispose]())

const asked = () => ({ OPENAI_BASE_URL: teacher.url, OPENAI_API_KEY: 'k-planted' })
const startNode = (name: string, roles: readonly Role[], words: readonly string[], env = {}) =>
  nodes.startNode(name, roles, words, { ...asked(), ...env })

const generate = (name: string, words: readonly string[] = [], of = teacher) => {
  const fixed = ['--rows', '100', '--concurrency', '4', '--run-id', name]
  const { args, env } = nodes.folder.written(name, of, [...fixed, ...words])
  return nodes.started(nodes.folder.command(name, args, { ...env, ...nodes.operator }))
}

test('a run whose command starts no agent is made by nodes that were up before it; they wait for the next one', async () => {
  const one = await startNode('one', ['planner', 'critic'], ['--planner', '1', '--critic', '1'])
  await until('it waits', () => one.output().includes('no streams yet') || one.child.exitCode !== null, 30_000)
  const run = generate('first', ['--no-agents'])
  await until('it is reported', () => run.output().includes('generator "llm" of run first is served by nobody'), 60_000)
  expect(run.output()).toContain('npx syllabus node start <join file> --generator 1')
  const two = await startNode('two', ['generator'], ['--generator', '2'])
  expect(await run.ended, `${run.output()}\n--\n${one.output()}\n--\n${two.output()}`).toBe(0)
  expect((await nodes.folder.outcomeOf('first')).rows).toBe(100)
  expect(await nodes.folder.agentPids('first', 'generator')).toEqual([])
  await until('it waits again', () => two.output().split('waits for a run').length > 1, 30_000)
  const stop = nodes.started(nodes.folder.command('two', ['node', 'stop']))
  expect(await stop.ended, stop.output()).toBe(0)
  expect(await two.ended, two.output()).toBe(0)
}, 240_000)

test('a node that is killed with all its agents in the middle of a run costs what it had in flight; the rows are the same', async () => {
  const topology = await nodes.folder.topology('quick', quickRedelivery)
  const options = ['--rows', '100', '--concurrency', '4', '--topology', topology]
  const alone = nodes.started(nodes.folder.generate('alone', teacher, options))
  expect(await alone.ended, alone.output()).toBe(0)
  await using slow = await startTeacherServer({ latencyMs: 150 })
  const at = { OPENAI_BASE_URL: slow.url }
  const staying = await startNode('staying', ['planner', 'critic'], ['--planner', '1', '--critic', '1'], at)
  const killed = await startNode('killed', ['generator'], ['--generator', '1'], at)
  const run = generate('together', ['--topology', topology, '--no-agents'], slow)
  await until('some replies', () => slow.requests >= 12 || run.child.exitCode !== null, 60_000)
  const pids = await nodes.folder.pids('killed')
  expect(pids.length).toBeGreaterThan(1)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  const joins = await startNode('joins', ['generator'], ['--generator', '1'], at)
  expect(await run.ended, [run, staying, killed, joins].map((each) => each.output()).join('\n--\n')).toBe(0)
  const [before, after] = [await nodes.folder.outcomeOf('alone'), await nodes.folder.outcomeOf('together')]
  expect(after.rows).toBe(100)
  expect(after.datasetHash).toBe(before.datasetHash)
  expect(meteredTwice(slow)).toBeLessThanOrEqual(4)
}, 240_000)

test('a whole run from its start to its report has its agents on a node', async () => {
  const end = new AbortController()
  const opening = { open: (role: Role) => nodes.cluster.open(role, 'peft') }
  await openStudent(opening, await loadTask(bundledTask), end.signal)
  const roles = ['planner', 'generator', 'critic', 'evaluator'] as const
  const node = await startNode(
    'runs',
    roles,
    roles.flatMap((role) => [`--${role}`, '1']),
  )
  const words = ['run', '--no-agents', '--run-id', 'whole', '--rows', '20', '--attempts', '1', '--no-retention']
  const env = { ...nodes.operator, SYLLABUS_RUNS: join(nodes.folder.path, 'runs') }
  const run = nodes.started(nodes.folder.command('whole', [...words, '--arms', 'none'], env))
  expect(await run.ended, `${run.output()}\n--\n${node.output()}`).toBe(0)
  end.abort()
  expect(node.output()).toContain('works for whole: ')
  expect(await nodes.folder.pids('whole')).toEqual([])
}, 240_000)

/** What a command published of a run that wants generators and critics here. */
async function published(changes: Partial<WantedAgents> = {}): Promise<WantedAgents> {
  const usual = withModel(await readTopology(defaultTopology), teacher.model)
  const generator = { ...usual.agents.generator, variant: 'llm', options: { model: teacher.model } }
  const topology = { ...usual, agents: { ...usual.agents, generator } }
  return {
    name: 'other',
    roles: ['generator', 'critic'],
    topologies: [topology],
    queues: { ...variantsIn(topology), generator: 'llm-other', critic: 'rules-other' },
    plannerQueues: [],
    addresses: { generator: teacher.url },
    inference: {},
    code: codeVersion(),
    work: workVersion(),
    layout: layout.version,
    cluster: null,
    keyMark: null,
    studentHash: null,
    ...changes,
  }
}

test.each<
  [
    string,
    { roles?: Role[]; words?: string[]; wanted?: Partial<WantedAgents>; env?: Record<string, string>; join?: object },
    RegExp,
  ]
>([
  ['nothing to run', { words: [] }, /given nothing to run\.\n.*--generator 4/],
  [
    'a role that its file lacks',
    { words: ['--critic', '1'] },
    /missing: critic \(LAB\)[\s\S]*The file holds generator/,
  ],
  ['a name that is a path', { words: ['--generator', '1', '--name', '../other'] }, /a name has letters, digits/],
  ['a range that is none', { words: ['--generator', '8..1'] }, /write a number, such as 8, or a range/],
  ['no servers and cluster in its file', { join: undefined }, /is no join file/],
  [
    'a critic without the key',
    { roles: ['critic'], words: ['--critic', '1'], join: { contaminationKey: undefined } },
    /holds no key of the contamination index/,
  ],
  [
    'other code',
    { wanted: { code: '0.0.1+aaaaaaaaaaaa', work: '0.aaaaaaaaaaaa' } },
    /Run other works with Syllabus 0\.0\.1\+aaaaaaaaaaaa .* and this node has .*\n.*Bring the same code here/,
  ],
  ['another layout', { wanted: { layout: 1 } }, /Run other works with Syllabus .* \(layout 1 of messages/],
  [
    'a join file of another cluster',
    { wanted: { cluster: 'theirs' } },
    /The join file is of the cluster test, and run other goes on in the cluster theirs/,
  ],
  [
    'another key',
    { roles: ['critic'], words: ['--critic', '1'], wanted: { keyMark: '0'.repeat(16) } },
    /key of the contamination index of this node is not that of run other/,
  ],
  [
    'an endpoint where nobody answers',
    {
      wanted: { addresses: { generator: 'http://127.0.0.1:9/v1' } },
      env: { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' },
    },
    /There is no API at http:\/\/127\.0\.0\.1:9/,
  ],
  [
    'a key for another endpoint',
    { wanted: { addresses: { generator: 'http://10.0.0.9/v1' } } },
    /The generator of run other asks at http:\/\/10\.0\.0\.9\/v1, and the key of this node is for[\s\S]*Set OPENAI_BASE_URL/,
  ],
  [
    'a model that one host serves to itself',
    { wanted: { addresses: { generator: 'local' } } },
    /--teacher local serves, which only the host of its command reaches/,
  ],
  [
    'GPUs where there are none',
    { roles: ['trainer-bridge'], words: ['--trainer-bridge', 'gpus'], env: { PATH: '/usr/bin:/bin' } },
    /--trainer-bridge gpus asks .* none is found/,
  ],
])(
  'a node that is given %s ends at once',
  async (_what, { roles = ['generator'], words = ['--generator', '1'], wanted, env = {}, ...changes }, expected) => {
    const bus = await nodes.cluster.open('operator', 'cli')
    const values = bus.kv('wanted', WantedAgents)
    for (const key of await values.keys()) await values.delete(key)
    if (wanted) await values.put('other', await published(wanted))
    const file = await joinFile(nodes.folder.path, nodes.cluster, 'wrong', roles, changes.join)
    if ('join' in changes && !changes.join)
      await writeFile(file, JSON.stringify({ generator: nodes.cluster.credentials.generator }))
    const node = nodes.started(nodes.folder.command('wrong', ['node', 'start', file, ...words], { ...asked(), ...env }))
    expect(await node.ended, node.output()).toBe(2)
    expect(node.output()).toMatch(expected)
  },
  60_000,
)

test('a second node of one name ends at once, on the same host and on another one; status shows the first', async () => {
  const first = await startNode('twin', ['generator'], ['--generator', '1..3'])
  await until('it is up', () => first.output().includes('node twin waits'), 30_000)
  const file = join(nodes.folder.path, 'twin.node.json')
  for (const home of ['twin', 'elsewhere']) {
    const second = nodes.started(nodes.folder.command(home, ['node', 'start', file, '--generator', '1']))
    expect(await second.ended, second.output()).toBe(2)
    expect(second.output()).toMatch(/"twin".* is up already: process \d+ on /)
  }
  const status = nodes.started(
    nodes.folder.command('twin', ['cluster', 'status', join(nodes.folder.path, 'operator.node.json'), '--json']),
  )
  expect(await status.ended, status.output()).toBe(0)
  const shown = JSON.parse(status.output())
  expect(shown.nodes.find((each: { node: string }) => each.node === 'twin')).toMatchObject({
    code: codeVersion(),
    roles: { generator: { least: 1, most: 3, now: 0 } },
    serves: [],
  })
  expect(shown.streams.map((each: { name: string }) => each.name)).toEqual(expect.arrayContaining(['RUN', 'EXAM']))
  const table = nodes.started(nodes.folder.command('twin', ['cluster', 'status'], nodes.operator))
  expect(await table.ended, table.output()).toBe(0)
  expect(table.output()).toMatch(/\nnodes\n[\s\S]*twin .*0 generator \(1\.\.3\)/)
  first.child.kill('SIGTERM')
  expect(await first.ended, first.output()).toBe(0)
}, 120_000)
