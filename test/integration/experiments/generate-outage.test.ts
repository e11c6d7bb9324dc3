import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { TeacherLimits } from '../../../schemas/teacher.ts'
import { type GenerateFolder, meteredTwice, openGenerateFolder, quickGivingUp } from '../../support/generate.ts'
import { until } from '../../support/nats.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'

const Status = z.object({ agents: z.array(z.object({ role: z.string(), waiting: z.string().nullable() })) })
const waits = 'the teacher fails; calls wait'

let folder: GenerateFolder
beforeAll(async () => {
  folder = await openGenerateFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

test('a teacher that answers 429 alone for a while is waited for where everybody sees it, and the run finishes', async () => {
  let away = false
  const turnedAway: number[] = []
  await using server = await startTeacherServer({
    latencyMs: 100,
    outage() {
      if (!away) return null
      turnedAway.push(performance.now())
      return { status: 429 }
    },
  })
  const command = folder.generate('away', server, ['--rows', '150', '--concurrency', '20'])
  await until('some calls are made', () => server.requests >= 60, 30_000)
  away = true
  await until('the run says that it waits', () => command.output().includes(waits), 20_000)
  const before = turnedAway.length
  await until(
    'status says so too',
    async () => {
      const status = folder.command('away', ['status', '--json'])
      await status.ended
      return Status.parse(JSON.parse(status.output())).agents.some(
        ({ waiting }) => waiting?.startsWith(`${waits}: HTTP 429`) === true,
      )
    },
    30_000,
  )
  await until('it is tried again and again', () => turnedAway.length - before >= 3, 30_000)
  // Single probes, each after a longer pause than the one before.
  const { minPauseMs } = TeacherLimits.parse({})
  const [first, second, third] = turnedAway.slice(before)
  expect(second! - first!).toBeGreaterThan(minPauseMs)
  expect(third! - second!).toBeGreaterThan(2 * minPauseMs)
  away = false
  expect(await command.ended, command.output()).toBe(0)
  expect(command.output()).toContain('the teacher answers again')
  expect(await folder.outcomeOf('away')).toMatchObject({ rows: 150, stopReason: 'rows-complete' })
}, 120_000)

test('an interruption while the teacher is away is over soon, and says what replies it keeps; the same command makes rows of them', async () => {
  let away = false
  let refused = 0
  await using server = await startTeacherServer({
    latencyMs: 100,
    outage() {
      if (!away) return null
      refused += 1
      return { status: 503 }
    },
  })
  const args = ['--rows', '150', '--concurrency', '10']
  const command = folder.generate('patience', server, args)
  await until('some calls are made', () => server.requests >= 60, 30_000)
  away = true
  await until('the run says that it waits', () => command.output().includes(waits), 20_000)
  const before = Date.now()
  command.child.kill('SIGINT')
  expect(await command.ended, command.output()).toBe(130)
  expect(Date.now() - before).toBeLessThan(15_000)
  const [, kept] = /kept beside them: (\d+) replies/.exec(command.output()) ?? []
  const { rows } = await folder.outcomeOf('patience')
  // Every request was refused, or is a row, or is kept.
  expect(rows + Number(kept)).toBe(server.requests - refused)
  away = false
  const second = folder.generate('patience', server, args)
  expect(await second.ended, second.output()).toBe(0)
  expect(await folder.outcomeOf('patience')).toMatchObject({ rows: 150, stopReason: 'rows-complete' })
  expect(meteredTwice(server)).toBeLessThanOrEqual(refused)
}, 90_000)

test('a teacher that is down for good ends the run with that reason and keeps its rows; once it is back the same command fills it up', async () => {
  let away = true
  let refused = 0
  await using server = await startTeacherServer({
    latencyMs: 50,
    outage() {
      if (!away || server.requests <= 80) return null
      refused += 1
      return { status: 503 }
    },
  })
  const topology = await folder.topology('impatient', quickGivingUp)
  const args = ['--rows', '200', '--concurrency', '10', '--topology', topology]
  const command = folder.generate('down', server, args)
  expect(await command.ended, command.output()).toBe(3)
  expect(command.output()).toMatch(/\d+ of \d+ candidates got no reply; for example: gone: .*the last: HTTP 503/)
  expect(command.output()).toMatch(/once the teacher answers again: npx syllabus generate --program/)
  const outcome = await folder.outcomeOf('down')
  expect(outcome.stopReason).toBe('teacher-unavailable')
  expect(outcome.rows).toBeGreaterThanOrEqual(50)
  expect(outcome.spent.calls).toBe(server.requests)
  const exported = JSON.parse(await readFile(join(folder.path, 'down', 'alpaca.json'), 'utf8'))
  expect(exported).toHaveLength(outcome.rows)

  away = false
  const second = folder.generate('down', server, args)
  expect(await second.ended, second.output()).toBe(0)
  expect(await folder.outcomeOf('down')).toMatchObject({
    rows: 200,
    stopReason: 'rows-complete',
    spent: { calls: server.requests },
  })
  const all = JSON.parse(await readFile(join(folder.path, 'down', 'alpaca.json'), 'utf8'))
  expect(all.slice(0, outcome.rows)).toEqual(exported)
  // Every prompt that was answered was answered once; the others were refused or never sent.
  const answered = server.requests - refused
  expect(answered).toBeLessThanOrEqual(215)
  expect(meteredTwice(server)).toBeLessThanOrEqual(refused)

  const { runId } = JSON.parse(await readFile(join(folder.path, 'down', 'run.json'), 'utf8'))
  const replay = folder.command('down', ['replay', runId])
  expect(await replay.ended, replay.output()).toBe(0)

  const third = folder.generate('down', server, args)
  expect(await third.ended, third.output()).toBe(0)
  expect(server.requests).toBe(answered + refused)
}, 120_000)
