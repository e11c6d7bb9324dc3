import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { queueOf } from '../../../schemas/queue.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { loadTask } from '../../../tasks/load.ts'
import type { Command } from '../../support/command.ts'
import { type GenerateFolder, openGenerateFolder } from '../../support/generate.ts'
import { type TestServer, until, withServer } from '../../support/nats.ts'
import { openStudent } from '../../support/stand-in-student.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'

let folder: GenerateFolder
let server: TestServer
const end = new AbortController()
const commands: Command[] = []
beforeAll(async () => {
  folder = await openGenerateFolder()
  server = await withServer()
  await openStudent(server, await loadTask(bundledTask), end.signal)
})
afterAll(async () => {
  for (const { child } of commands) child.kill('SIGTERM')
  await Promise.all(commands.map(({ ended }) => ended))
  end.abort()
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

test('the agents of `up` work for a run of a command elsewhere that has no replicas of its own', async () => {
  await using teacher = await startTeacherServer()
  const credentials = join(folder.path, 'credentials.json')
  await writeFile(credentials, JSON.stringify(server.credentials))
  const start = (home: string, words: readonly string[]) => {
    const at = { NATS_URL: server.url, SYLLABUS_CREDENTIALS: credentials, SYLLABUS_CONTAMINATION_KEY: 'ab'.repeat(32) }
    const command = folder.command(home, words, {
      ...at,
      ...{ OPENAI_BASE_URL: teacher.url, SYLLABUS_RUNS: join(folder.path, 'runs') },
    })
    commands.push(command)
    return command
  }
  const topology = (name: string, replicas: number) =>
    folder.topology(name, {
      agents: {
        planner: { variant: 'rules', replicas },
        generator: { variant: 'llm', replicas, options: { model: teacher.model } },
        critic: { variant: 'rules', replicas },
        evaluator: { variant: 'scorer', replicas },
        'trainer-bridge': { variant: 'peft', replicas: 0 },
      },
    })
  const up = start('pool', ['up', '--topology', await topology('pool', 1)])
  await until('the pool is up', () => up.output().includes('4 agents are up'), 90_000)
  const words = ['--run-id', 'away', '--rows', '20', '--attempts', '1', '--no-retention']
  const run = start('mine', ['run', '--topology', await topology('none', 0), ...words])
  const operator = await server.open('operator')
  const queues = new Set<string | undefined>()
  for await (const { name, to } of operator.log({ runId: 'away', follow: true, signal: AbortSignal.timeout(90_000) })) {
    if (name === 'shard') queues.add(to?.variant)
    if (name === 'verdict') break
  }
  expect([...queues], run.output()).toEqual([queueOf('llm', teacher.model, teacher.url)])
  expect(await folder.agentPids('mine', 'generator')).toEqual([])
}, 240_000)
