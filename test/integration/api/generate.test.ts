import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  BadInputError,
  estimate,
  type GenerateOptions,
  generate,
  isMessage,
  listRuns,
  NoResultError,
  type Place,
  type RunEvent,
  RunInterruptedError,
  readRun,
  SyllabusError,
} from '../../../api/mod.ts'
import { natsBinary } from '../../support/nats.ts'
import { promptProgram } from '../../support/prompt-program.ts'
import { startTeacherServer, type TeacherServer } from '../../support/teacher-server.ts'

vi.setConfig({ testTimeout: 180_000 })

let folder: string
let server: TeacherServer
let place: Place
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-api-'))
  await mkdir(join(folder, 'empty'))
  await writeFile(join(folder, 'program.json'), JSON.stringify(promptProgram({ rows: 10 })))
  server = await startTeacherServer({ latencyMs: 20, duplicateEvery: 10 })
  place = {
    cwd: join(folder, 'empty'),
    home: join(folder, 'home'),
    env: {
      PATH: `${dirname(await natsBinary())}${delimiter}${process.env.PATH}`,
      OPENAI_BASE_URL: server.url,
      OPENAI_API_KEY: 'k-planted',
    },
  }
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const rows = (out: string, more: Partial<GenerateOptions> = {}): GenerateOptions => ({
  ...place,
  program: join(folder, 'program.json'),
  model: server.model,
  rows: 20,
  out,
  ...more,
})

const listeners = () =>
  ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit', 'uncaughtException'].map((name) => process.listenerCount(name))

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

test('a program in an empty folder makes rows, twice, and keeps its streams, signals and exit code', async () => {
  const before = { listeners: listeners(), exitCode: process.exitCode, home: process.env.SYLLABUS_HOME }
  for (const name of ['first', 'second']) {
    const going = generate(rows(name, { runId: name }))
    const events = await all(going)
    const { generation, runId, out } = await going.result
    expect(runId).toBe(name)
    expect(await going.runId).toBe(name)
    expect(out).toBe(join(folder, 'empty', name))
    expect(generation).toMatchObject({ runId: name, wanted: 20, rows: 20, stopReason: 'rows-complete' })
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['run', 'page', 'message', 'progress']))
    const decision = events.find((event) => isMessage(event, 'decision'))
    // Typed: a decision has a diagnosis.
    expect(decision?.payload.diagnosis).toBeTypeOf('string')
    expect(decision?.description.title).toContain('attempt 1')
  }
  expect({ listeners: listeners(), exitCode: process.exitCode, home: process.env.SYLLABUS_HOME }).toEqual(before)

  const stored = readRun('first', place)
  const admitted = await all(stored.rows({ admitted: true }))
  expect(admitted).toHaveLength(20)
  const refused = await all(stored.rows({ refused: true }))
  expect(refused.map(({ reason }) => reason)).toContain('exact-duplicate')
  const one = await stored.row(admitted[0]!.id)
  expect(one.asked?.prompt).toContain('problem number')
  expect(one.asked?.calls[0]?.reply).toContain(JSON.stringify(one.row!.input).slice(1, -1))
  const messages = await all(stored.events())
  expect(messages.at(-1)).toMatchObject({ name: 'status-changed', payload: { status: 'finished' } })
  const rest = await all(stored.events({ from: messages[2]!.seq }))
  expect(rest).toEqual(messages.slice(2))
  expect((await listRuns(place)).map(({ runId, status }) => `${runId} ${status}`).toSorted()).toEqual([
    'first finished',
    'second finished',
  ])
  expect(await stored.summary()).toMatchObject({ runId: 'first', isGenerate: true })
})

test('an abort drains: what was paid is kept, and the same call goes on', async () => {
  const before = server.requests
  const stop = new AbortController()
  const options = rows('stopped', { rows: 120, concurrency: 4 })
  const going = generate({ ...options, signal: stop.signal })
  const seen: RunEvent[] = []
  const reading = async () => {
    for await (const event of going) {
      seen.push(event)
      if (isMessage(event, 'batch')) stop.abort()
    }
  }
  await expect(reading()).rejects.toThrow(RunInterruptedError)
  const error = await going.result.catch((error: unknown) => error)
  expect(error).toMatchObject({ name: 'RunInterruptedError', exitCode: 130, runId: await going.runId })
  const asked = server.requests - before
  expect(asked).toBeLessThan(100)
  const { generation } = await generate(options).result
  expect(generation).toMatchObject({ rows: 120, runId: await going.runId })
  // Each reply that was paid for is known, and none was paid for twice.
  expect(generation.spent.calls).toBe(server.requests - before)
})

test.each([
  [{ model: undefined }, BadInputError, /No teacher is named/, /--model/],
  [{ task: 'nowhere' }, BadInputError, /nowhere/, /./],
  [{ rows: 0 }, BadInputError, /--rows/, /--rows/],
  [{ cwd: '/nowhere/at-all' }, BadInputError, /No command can be started in/, /folder/],
  [{ env: { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' } }, SyllabusError, /127\.0\.0\.1:9/, /./],
] as const)('bad input %j rejects with what is wrong and how to put it right', async (wrong, Kind, what, fix) => {
  const before = server.requests
  const going = generate({ ...rows('bad'), ...(wrong as Partial<GenerateOptions>) })
  const error = await going.result.catch((error: unknown) => error)
  expect(error).toBeInstanceOf(Kind)
  expect((error as SyllabusError).what).toMatch(what)
  expect((error as SyllabusError).fix).toMatch(fix)
  await expect(going.runId).rejects.toBe(error)
  expect(server.requests).toBe(before)
})

test('fewer rows than were wanted are no result, and can be read', async () => {
  const going = generate(rows('short', { budget: 21, rows: 21 }))
  const error = await going.result.catch((error: unknown) => error)
  expect(error).toBeInstanceOf(NoResultError)
  const made = await all(readRun((error as NoResultError).runId!, place).rows({ admitted: true }))
  expect(made.length).toBeGreaterThan(10)
  expect(made.length).toBeLessThan(21)
})

test('a plan starts exactly what was estimated', async () => {
  const { program, model } = rows('')
  const asked = { ...place, program: program!, model: model!, rows: 20, budget: 60 }
  const { plan, spent } = await estimate(asked)
  expect(spent.calls).toBeGreaterThan(19)
  const { generation } = await generate(rows('planned', { budget: 60, confirmed: plan })).result
  expect(generation.rows).toBe(20)
  const before = server.requests
  for (const other of [{ budget: 61 }, { rows: 21 }, { seed: 2 }]) {
    const error = await generate(rows('other', { budget: 60, ...other, confirmed: plan })).result.catch(
      (error: unknown) => error,
    )
    expect(error, JSON.stringify(other)).toBeInstanceOf(BadInputError)
    expect((error as BadInputError).what).toContain('not the plan')
  }
  expect(server.requests).toBe(before)
})

test('a reader that leaves early ends the command that it read from', async () => {
  const started = process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length
  for await (const row of readRun('first', place).rows()) {
    expect(row.id).toContain('a1.')
    break
  }
  const left = () => process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length
  await expect.poll(left, { timeout: 20_000 }).toBeLessThanOrEqual(started)
})
