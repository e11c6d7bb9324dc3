import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { JournalEntry } from '../../../agents/kit/metered/journal.ts'
import { meteredTwice, openGenerateFolder } from '../../support/generate.ts'
import { until, withServer } from '../../support/nats.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'

const awayMs = 4000
/** Of noticing, of a signal's way to the agents, and of a loaded machine; far less than paid replies are awaited for otherwise. */
const soonMs = 25_000

test('a server that stays away ends the command soon, which says at once why and what is kept; the same command goes on', async () => {
  await using folder = await openGenerateFolder()
  await using server = await withServer()
  let isSlow = true
  await using teacher = await startTeacherServer({ latencyMs: () => (isSlow && teacher.requests > 8 ? 120_000 : 50) })
  const credentials = join(folder.path, 'credentials.json')
  await writeFile(credentials, JSON.stringify(server.credentials))
  const env = { NATS_URL: server.url, SYLLABUS_CREDENTIALS: credentials }
  const topology = await folder.topology('hasty', {
    bus: { awayMs, requestMs: 500 },
    teacher: { minTimeoutMs: 200_000 },
  })
  const args = ['--rows', '40', '--concurrency', '4', '--topology', topology]
  const command = folder.generate('gone', teacher, args, env)
  await until('four slow calls are in flight', () => teacher.requests === 12 && teacher.inFlight === 4, 60_000)
  const journal = (await server.open('operator')).kv('journal', JournalEntry)
  await until('the other replies are stored', async () => (await journal.keys()).length === 8, 30_000)
  await server.kill9()
  const goneAt = performance.now()
  expect(await command.ended, command.output()).toBe(1)
  expect(performance.now() - goneAt).toBeLessThan(awayMs + soonMs)
  const text = command.output()
  expect(text.match(/The NATS server has not answered/g)).toHaveLength(1)
  expect(text.indexOf('has not answered')).toBeLessThan(text.indexOf('ends its agents now: what the server had ack'))
  expect(text).toContain('To go on, once the NATS server answers: npx syllabus generate')
  expect(await folder.pids('gone')).toEqual([])
  isSlow = false
  await server.restart()
  const again = folder.generate('gone', teacher, args, env)
  expect(await again.ended, again.output()).toBe(0)
  expect((await folder.outcomeOf('gone')).rows).toBe(40)
  expect(meteredTwice(teacher)).toBe(4)
}, 240_000)
