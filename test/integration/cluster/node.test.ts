import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Role } from '../../../schemas/role.ts'
import { type TestCluster, withCluster } from '../../support/cluster.ts'
import type { Command } from '../../support/command.ts'
import { type GenerateFolder, openGenerateFolder } from '../../support/generate.ts'
import { until } from '../../support/nats.ts'
import { joinFile, operatorHost } from '../../support/nodes.ts'
import { startTeacherServer, type TeacherServer } from '../../support/teacher-server.ts'

let folder: GenerateFolder
let cluster: TestCluster
let teacher: TeacherServer
let operator: Record<string, string>
const commands: Command[] = []
beforeAll(async () => {
  folder = await openGenerateFolder()
  cluster = await withCluster({ size: 1, topology: false })
  teacher = await startTeacherServer()
  operator = await operatorHost(folder.path, cluster)
}, 60_000)
afterAll(async () => {
  for (const { child } of commands) child.kill('SIGTERM')
  await Promise.all(commands.map(({ ended }) => ended))
  await teacher[Symbol.asyncDispose]()
  await cluster[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const started = (command: Command) => {
  commands.push(command)
  return command
}

async function startNode(
  name: string,
  roles: readonly Role[],
  words: readonly string[],
  env: Record<string, string> = {},
) {
  const file = await joinFile(folder.path, cluster, name, roles)
  const asked = { OPENAI_BASE_URL: teacher.url, OPENAI_API_KEY: 'k-planted' }
  return started(folder.command(name, ['node', 'start', file, ...words], { ...asked, ...env }))
}

const generate = (name: string, words: readonly string[] = []) => {
  const { args, env } = folder.written(name, teacher, [
    '--rows',
    '100',
    '--concurrency',
    '4',
    '--run-id',
    name,
    ...words,
  ])
  return started(folder.command(name, args, { ...env, ...operator }))
}

test('a run whose command starts no agent is made by nodes that were up before it; they wait for the next one', async () => {
  const one = await startNode('one', ['planner', 'critic'], ['--planner', '1', '--critic', '1'])
  await until('it waits', () => one.output().includes('no streams yet') || one.child.exitCode !== null, 30_000)
  const run = generate('first', ['--no-agents'])
  await until('it is reported', () => run.output().includes('generator "llm" of run first is served by nobody'), 60_000)
  expect(run.output()).toContain('npx syllabus node start <join file> --generator 1')
  const two = await startNode('two', ['generator'], ['--generator', '2'])
  expect(await run.ended, `${run.output()}\n--\n${one.output()}\n--\n${two.output()}`).toBe(0)
  expect((await folder.outcomeOf('first')).rows).toBe(100)
  expect(await folder.agentPids('first', 'generator')).toEqual([])
  await until('it waits again', () => two.output().split('waits for a run').length > 1, 30_000)
  const stop = started(folder.command('two', ['node', 'stop']))
  expect(await stop.ended, stop.output()).toBe(0)
  expect(await two.ended, two.output()).toBe(0)
}, 240_000)
