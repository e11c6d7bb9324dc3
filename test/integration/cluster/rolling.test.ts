import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeVersion, workRevision } from '../../../launcher/code-version.ts'
import type { Role } from '../../../schemas/role.ts'
import { type TestCluster, withCluster } from '../../support/cluster.ts'
import { type Command, openCommands, syllabus } from '../../support/command.ts'
import { type GenerateFolder, meteredTwice, openGenerateFolder } from '../../support/generate.ts'
import { until } from '../../support/nats.ts'
import { joinFile, operatorHost } from '../../support/nodes.ts'
import { otherCode } from '../../support/other-code.ts'
import { startTeacherServer, type TeacherServer } from '../../support/teacher-server.ts'

/** What a hundred rows hash to as long as `workRevision` is the same. Whoever changes one changes the other. */
const pinned = { workRevision: 1, datasetHash: 'bfff8cc5ff51' }

let folder: GenerateFolder
let cluster: TestCluster
let operator: Record<string, string>
let upgraded: string
const commands = openCommands()
const { started } = commands
beforeAll(async () => {
  folder = await openGenerateFolder()
  cluster = await withCluster({ topology: false })
  operator = await operatorHost(folder.path, cluster)
  upgraded = await otherCode(join(folder.path, 'upgraded'), ['launcher/served.ts', '// the next version'])
}, 60_000)
afterAll(async () => {
  await commands[Symbol.asyncDispose]()
  await cluster[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** A host with a node: its roles, one agent of each. */
async function host(name: string, roles: readonly Role[], teacher: TeacherServer) {
  const file = await joinFile(folder.path, cluster, name, roles)
  const words = ['node', 'start', file, ...roles.flatMap((role) => [`--${role}`, '1'])]
  const asked = { OPENAI_BASE_URL: teacher.url, OPENAI_API_KEY: 'k-planted' }
  const { env } = folder.written(name, teacher, [])
  return (bin?: string): Command => started(syllabus(words, { ...env, ...asked }, bin))
}

const runWords = ['--rows', '100', '--concurrency', '4', '--run-id', 'rolled', '--no-agents']

test('hosts and then the command are given new code one after the other in mid-run: the same rows, none paid twice', async () => {
  await using quick = await startTeacherServer()
  const alone = started(folder.generate('alone', quick, ['--rows', '100', '--concurrency', '4']))
  expect(await alone.ended, alone.output()).toBe(0)
  const { datasetHash } = await folder.outcomeOf('alone')
  expect({ workRevision, datasetHash: datasetHash?.slice(0, 12) }).toEqual(pinned)

  const topology = await folder.topology('three', { storage: { copies: 3 } })
  await using teacher = await startTeacherServer({ latencyMs: 500 })
  const startThinking = await host('thinks', ['planner', 'critic'], teacher)
  const startAsking = await host('asks', ['generator'], teacher)
  let [thinks, asks] = [startThinking(), startAsking()]
  const { args, env } = folder.written('rolled', teacher, [...runWords, '--topology', topology])
  const command = (bin?: string) => started(syllabus(args, { ...env, ...operator }, bin))
  const before = command()
  const output = () => [before, thinks, asks].map((each) => each.output()).join('\n--\n')
  const hasEnded = () => [before, thinks, asks].some(({ child }) => child.exitCode !== null)
  const goesOn = async (calls: number) => {
    const goal = teacher.requests + calls
    await until('the run goes on', () => teacher.requests >= goal || hasEnded(), 120_000)
    expect(hasEnded(), output()).toBe(false)
  }
  const upgrade = async (node: Command, start: (bin: string) => Command) => {
    node.child.kill('SIGTERM')
    expect(await node.ended, node.output()).toBe(0)
    const next = start(upgraded)
    await until(
      'it works again',
      () => next.output().includes('works for rolled') || next.child.exitCode !== null,
      60_000,
    )
    expect(next.output()).toMatch(
      /warning: run rolled works with Syllabus .*, and this node has .*both make the same rows/,
    )
    return next
  }
  await goesOn(12)
  asks = await upgrade(asks, startAsking)
  await goesOn(12)
  thinks = await upgrade(thinks, startThinking)
  await goesOn(12)

  const status = started(folder.command('rolled', ['cluster', 'status', '--json'], operator))
  expect(await status.ended, status.output()).toBe(0)
  const shown = JSON.parse(status.output()) as { nodes: { node: string; code: string }[]; troubles: string[] }
  expect(shown.nodes.map(({ node }) => node).toSorted()).toEqual(['asks', 'thinks'])
  expect(shown.nodes.some(({ code }) => code === codeVersion())).toBe(false)
  expect(shown.troubles.filter((each) => /node (asks|thinks): run rolled works with/.test(each))).toHaveLength(2)

  before.child.kill('SIGINT')
  await before.ended
  const after = command(upgraded)
  expect(await after.ended, `${after.output()}\n--\n${output()}`).toBe(0)
  const outcome = await folder.outcomeOf('rolled')
  expect(outcome).toMatchObject({ rows: 100, datasetHash })
  expect(meteredTwice(teacher)).toBe(0)
}, 300_000)

test('code that may make other rows is refused in mid-run, with what and how', async () => {
  const changed = await otherCode(join(folder.path, 'changed'), ['agents/planner/llm/prompts/system.md', 'Be brief.'])
  await using teacher = await startTeacherServer({ latencyMs: 500 })
  const { args, env } = folder.written('refuses', teacher, ['--rows', '20', '--run-id', 'refuses', '--no-agents'])
  const run = started(syllabus(args, { ...env, ...operator }))
  await until('it waits for nodes', () => run.output().includes('is served by nobody'), 60_000)
  const node = (await host('other', ['generator'], teacher))(changed)
  expect(await node.ended, node.output()).toBe(2)
  expect(node.output()).toMatch(/Run refuses works with Syllabus .*work version 1\.[\s\S]*Bring the same code here/)
  run.child.kill('SIGINT')
  await run.ended
}, 120_000)
