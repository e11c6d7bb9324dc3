import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { createTroubles, Presence, type Trouble } from '../../../bus/mod.ts'
import { watchTroubles } from '../../../launcher/troubles.ts'
import { registry } from '../../../schemas/registry.ts'
import type { NeededAgent } from '../../../trace/troubles.ts'
import type { Command } from '../../support/command.ts'
import { type GenerateFolder, openGenerateFolder } from '../../support/generate.ts'
import { type TestServer, until, withServer } from '../../support/nats.ts'
import { plannerHandlers } from '../../support/planner-handlers.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'
import { openViewer } from '../../support/viewer.ts'

let folder: GenerateFolder
let server: TestServer
beforeAll(async () => {
  folder = await openGenerateFolder()
  server = await withServer()
})
const commands: Command[] = []
afterAll(async () => {
  for (const { child } of commands) child.kill('SIGTERM')
  await Promise.all(commands.map(({ ended }) => ended))
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const Status = z.object({
  troubles: z.array(z.object({ who: z.string(), code: z.string(), text: z.string(), fix: z.string().optional() })),
})

test('a critic with another key is reported by name with the reason and the fix: its terminal, the run’s, status, the page', async () => {
  await using teacher = await startTeacherServer({ latencyMs: 300 })
  const credentialsFile = join(folder.path, 'credentials.json')
  await writeFile(credentialsFile, JSON.stringify(server.credentials))
  const env = { NATS_URL: server.url, SYLLABUS_CREDENTIALS: credentialsFile }
  const run = folder.generate('keys', teacher, ['--rows', '3000', '--concurrency', '4'], env)
  await until('the run works', () => run.output().includes('attempt 1 '), 45_000)
  const stranger = folder.command('stranger', ['agent', 'critic'], {
    ...env,
    SYLLABUS_CONTAMINATION_KEY: 'ab'.repeat(32),
  })
  commands.push(run, stranger)
  const reported =
    /critic critic-\S+ gives back each batch: the contamination index was made with another key\n {2}Critics and evaluators share one key/
  await until('its own terminal says so', () => reported.test(stranger.output()), 30_000)
  await until('the terminal of the run says so', () => reported.test(run.output()), 30_000)
  const status = folder.command('keys', ['status', '--json'], env)
  expect(await status.ended, status.output()).toBe(0)
  const { troubles } = Status.parse(JSON.parse(status.output()))
  expect(troubles).toContainEqual({
    who: expect.stringMatching(/^critic critic-/),
    code: 'given-back',
    text: expect.stringContaining('another key'),
    fix: expect.stringContaining('SYLLABUS_CONTAMINATION_KEY'),
  })
  const [, port, token] = /live page: http:\/\/127\.0\.0\.1:(\d+)\/\?token=(\w+)/.exec(run.output()) ?? []
  const viewer = openViewer({ url: `http://127.0.0.1:${port}/?token=${token}` }, {})
  await until('the page is sent it', () =>
    viewer.of('presence').some(({ agents }) => agents.some((agent) => agent.troubles?.some(({ fix }) => fix))),
  )
  await until('as the terminal shows it', () =>
    viewer
      .of('troubles')
      .some(({ troubles }) => troubles.some(({ code, text }) => code === 'given-back' && text.includes('another key'))),
  )
  viewer.socket.close()
  stranger.child.kill('SIGTERM')
  await stranger.ended
  await until('that it is gone is no trouble', async () => {
    const later = folder.command('keys', ['status', '--json'], env)
    await later.ended
    return Status.parse(JSON.parse(later.output())).troubles.length === 0
  })
  const [pid] = await folder.agentPids('keys', 'critic')
  process.kill(pid!, 'SIGKILL')
  await until(
    'an agent that ended is reported',
    () => run.output().includes('critic critic-1 ended with SIGKILL'),
    30_000,
  )
  run.child.kill('SIGTERM')
  expect(await run.ended, run.output()).toBe(130)
}, 180_000)

test('troubles are printed once as they come and go, and an agent of which there is none is missed', async () => {
  const operator = await server.open('operator')
  const generator = await server.open('generator')
  const lines: string[] = []
  const wanted = [
    { role: 'generator', variant: 'procedural' },
    { role: 'evaluator', variant: 'scorer' },
  ] as const
  let stillWanted: readonly NeededAgent[] = wanted
  await using presence = generator.announce()
  await using _watch = watchTroubles(operator, {
    line: (text) => lines.push(text),
    wanted: () => stillWanted,
    except: ['waits'],
  })
  const trouble: Trouble = { code: 'given-back', text: 'gives back each shard: planted', fix: 'Do it.' }
  generator.troubles.set('a', trouble)
  generator.troubles.set('b', { code: 'waits', text: 'waits for a teacher' })
  await until('it is printed', () => lines.length === 1)
  expect(lines[0]).toMatch(/^generator generator-\d+ gives back each shard: planted\n {2}Do it\.$/)
  generator.troubles.set('a', { ...trouble })
  generator.troubles.set('a', null)
  await until('its end is printed', () => lines.length === 2)
  expect(lines[1]).toMatch(/^generator generator-\d+ works again$/)
  await until('the evaluator is missed', () => lines.length === 3, 30_000)
  expect(lines[2]).toMatch(/^evaluator "scorer" is not there.*\n.*npx syllabus agent evaluator --variant scorer/)
  const evaluator = await server.open('evaluator')
  await using _other = evaluator.announce()
  await until('it is there', () => lines.length === 4)
  expect(lines[3]).toBe('evaluator "scorer" is there now')
  generator.troubles.set('a', { ...trouble, text: 'gives back each shard: again' })
  await until('the next one is printed', () => lines.length === 5)
  // One that leaves, and one that is wanted no more, is no line.
  stillWanted = []
  await presence[Symbol.asyncDispose]()
  await until('it is gone', async () =>
    (await operator.kv('agents', Presence).keys()).every((key) => !key.startsWith('generator')),
  )
  stillWanted = [{ role: 'trainer-bridge', variant: 'none' }]
  await until('the watch has looked since', () => lines.length > 5, 30_000)
  expect(lines.slice(5)).toEqual([expect.stringMatching(/^trainer-bridge "none" is not there/)])
}, 60_000)

test('messages that come back again and again are a trouble of the process, and one that is handled ends it', async () => {
  const operator = await server.open('operator')
  const planner = await server.open('planner')
  let broken = true
  const control = async () => {
    if (broken) throw new Error('planted')
  }
  const stop = new AbortController()
  const handlers = plannerHandlers({ 'operator-command': control })
  const loop = planner.work(handlers, { role: 'planner', variant: 'rules', slots: 1, signal: stop.signal })
  await operator.publish(
    registry['operator-command'],
    { runId: 'again', variant: 'rules', id: 'a' },
    { action: 'pause' },
  )
  await until('it is a trouble', () => planner.troubles.now.length === 1, 30_000)
  expect(planner.troubles.now[0]).toMatchObject({
    code: 'given-back',
    text: 'gives back each operator-command: planted',
  })
  broken = false
  await until('it is over', () => planner.troubles.now.length === 0, 30_000)
  stop.abort()
  await loop.done
}, 90_000)

test('troubles call back on changes alone', () => {
  const troubles = createTroubles()
  let changes = 0
  troubles.onChange(() => changes++)
  const trouble: Trouble = { code: 'waits', text: 'a' }
  for (const next of [null, trouble, { ...trouble }, { ...trouble, text: 'b' }, null, null]) troubles.set('k', next)
  expect(changes).toBe(3)
  expect(troubles.now).toEqual([])
})
