import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import type { PlannerState } from '../../../agents/planner/state.ts'
import type { Bus } from '../../../bus/mod.ts'
import { answeredItemsOf, shownModel } from '../../../experiments/inspect/answers.ts'
import { createHeld } from '../../../experiments/inspect/held.ts'
import { createRunReader } from '../../../experiments/inspect/run-reader.ts'
import { runRows } from '../../../experiments/inspect/run-rows.ts'
import { planEvidence } from '../../../experiments/run/evidence.ts'
import { pickRun } from '../../../experiments/run/pick-run.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { GatewayLimits } from '../../../schemas/session-limits.ts'
import type { Task } from '../../../schemas/task.ts'
import { fixOf, reasonOf } from '../../../schemas/user-error.ts'
import { loadTask } from '../../../tasks/load.ts'
import type { RowLine } from '../../../trace/run-reader.ts'
import { type GenerateFolder, openGenerateFolder } from '../../support/generate.ts'
import { madeRun } from '../../support/made-run.ts'
import { writeMiniTask } from '../../support/mini-task.ts'
import { type TestServer, withServer } from '../../support/nats.ts'
import { createTracePublisher } from '../../support/publish-trace.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'
import { traceLog } from '../../support/trace-log.ts'

let folder: GenerateFolder
beforeAll(async () => {
  folder = await openGenerateFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

const Line = z.object({
  id: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  duplicateOf: z.string().nullable(),
  row: z.object({ input: z.string() }).nullable(),
})
const One = Line.extend({
  asked: z.object({ prompt: z.string(), calls: z.array(z.object({ reply: z.string().nullable() })) }),
  twin: Line.nullable(),
})

/** What a live page is answered about a run. */
async function readPage(url: string, table: string, query: Record<string, string>) {
  const { origin, searchParams } = new URL(url)
  const token = searchParams.get('token')!
  const answer = await fetch(`${origin}/read/${table}?${new URLSearchParams({ token, ...query })}`)
  return { status: answer.status, body: await answer.json() }
}

async function asked(name: string, args: readonly string[]): Promise<string> {
  const command = folder.command(name, args)
  expect(await command.ended, command.output()).toBe(0)
  return command.output()
}

describe('rows', () => {
  const name = 'inspected'
  let lines: z.infer<typeof Line>[]
  beforeAll(async () => {
    await using server = await startTeacherServer({ latencyMs: 5, duplicateEvery: 4, faults: { cutText: 0.1 } })
    const command = folder.generate(name, server, ['--rows', '40', '--run-id', name])
    expect(await command.ended, command.output()).toBe(0)
    const text = await asked(name, ['rows', name, '--json'])
    lines = text
      .trim()
      .split('\n')
      .map((line) => Line.parse(JSON.parse(line)))
  }, 60_000)

  test('are as many as the run counts, each with one reason or none', async () => {
    const { bySource } = await folder.outcomeOf(name)
    const counts = Object.values(bySource)
    const sum = (of: (each: (typeof counts)[number]) => number) => counts.reduce((all, each) => all + of(each), 0)
    const all = (values: Partial<Record<string, number>> | undefined) =>
      Object.values(values ?? {}).reduce<number>((a, b = 0) => a + b, 0)
    const of = (status: string) => lines.filter((line) => line.status === status).length
    expect({ admitted: of('admitted'), refused: of('refused'), failed: of('failed') }).toEqual({
      admitted: sum(({ admitted }) => admitted),
      refused: sum(({ rejected }) => all(rejected)),
      failed: sum(({ failed }) => all(failed)),
    })
    expect(lines.every(({ status, reason }) => (status === 'admitted') === (reason === null))).toBe(true)
  })

  test('a duplicate is shown with its prompt, its reply and the row that it repeats', async () => {
    const duplicate = lines.find(({ reason }) => reason === 'exact-duplicate')!
    const found = One.parse(JSON.parse(await asked(name, ['rows', name, '--row', duplicate.id, '--json'])))
    expect(found.twin).toMatchObject({
      id: duplicate.duplicateOf,
      status: 'admitted',
      row: { input: duplicate.row!.input },
    })
    expect(found.asked.prompt).toContain('about the price of some crates')
    expect(found.asked.calls[0]!.reply).toContain(duplicate.row!.input.slice(0, 20))
    const text = await asked(name, ['rows', name, '--row', duplicate.id])
    for (const part of ['PROMPT', 'REPLY', 'OUTPUT', `REPEATS ${duplicate.duplicateOf}`]) expect(text).toContain(part)
  })

  test('the table filters, and names what there is not', async () => {
    const refused = await asked(name, ['rows', '--refused', '--limit', '200'])
    for (const { id, status } of lines) expect(refused.includes(`${id} `), id).toBe(status !== 'admitted')
    expect(await asked(name, ['rows', name, '--search', 'xyzzy'])).toContain('no such rows')
    const source = lines.find(({ row }) => row)!.id.split('.')[2]!
    const sources = new RegExp(`its sources: .*${source}`)
    for (const [words, what, fix] of [
      [`rows ${name} --row a9.r1.none.0.0`, 'has no row a9.r1.none.0.0', /List its rows/],
      [`rows ${name} --source nobody`, 'has no rows of source nobody', sources],
      [`rows ${name} --source nobody --json`, 'has no rows of source nobody', sources],
      [`rows ${name} --attempt 7`, 'has no rows of attempt 7', /its attempts: 1\.$/],
      ['rows another-run', 'another-run', /./],
      ['report another-run', 'another-run', /./],
      ['dead redrive nonsense', '"nonsense" is not the id of a dead letter', /dead list/],
    ] as const) {
      const none = folder.command(name, words.split(' '))
      expect(await none.ended).toBe(2)
      expect(none.output().trim().split('\n'), words).toEqual([
        expect.stringContaining(`error: `),
        expect.stringMatching(fix),
        expect.stringMatching(/^more: npx syllabus (rows|report|dead redrive) --help$/),
      ])
      expect(none.output()).toContain(what)
    }
  }, 60_000)

  test('the page of `syllabus watch` reads the same rows, with prompt and reply', async () => {
    const watch = folder.command(name, ['watch', '--json'])
    try {
      const url = await vi.waitUntil(() => /"url":"([^"]+)"/.exec(watch.output())?.[1], { timeout: 20_000 })
      const read = (table: string, query: Record<string, string>) => readPage(url, table, { run: name, ...query })
      expect(await read('rows', {})).toMatchObject({ status: 200, body: { found: lines.length, isCut: false } })
      const { id, duplicateOf } = lines.find(({ reason }) => reason === 'exact-duplicate')!
      const { body } = await read('row', { id })
      expect(body).toMatchObject({ id, duplicateOf, reason: 'exact-duplicate', repeated: expect.any(String) })
      expect(body.prompt).toContain('about the price of some crates')
      expect(body.calls[0].reply).toContain(body.input.slice(0, 20))
      expect(await read('answers', {})).toMatchObject({
        status: 422,
        body: { error: expect.stringContaining('No student') },
      })
      expect(await read('report', {})).toMatchObject({ status: 422 })
    } finally {
      watch.child.kill('SIGINT')
      await watch.ended
    }
  }, 60_000)

  test('a run that trains nobody has no answers', async () => {
    const command = folder.command(name, ['answers', name])
    expect(await command.ended).toBe(2)
    expect(command.output()).toContain('No student')
  })
})

test('a preview asks three prompts, shows their replies, and makes no run', async () => {
  await using server = await startTeacherServer({ latencyMs: 5 })
  const text = folder.generate('previewed', server, ['--rows', '400', '--preview', '3'])
  expect(await text.ended, text.output()).toBe(0)
  expect(server.requests).toBe(3)
  expect(text.output().match(/^PROMPT$/gm)).toHaveLength(3)
  expect(text.output()).toMatch(/3 calls, 3 usable replies/)
  expect(await asked('previewed', ['status'])).toContain('no runs')
}, 60_000)

describe('commands that only read', () => {
  test.each([['report'], ['export'], ['rows'], ['answers'], ['replay'], ['bundle'], ['watch'], ['stop']])(
    '%s says that there is no run, and makes no home',
    async (word) => {
      const command = folder.command('nothing', [word])
      expect(await command.ended, command.output()).toBe(2)
      expect(command.output()).toMatch(/No run was ever started in the home .*nothing-home/)
      expect(await folder.agentsLog('nothing')).toBe('')
    },
  )

  test('a run whose rows the page has read while it went on is interrupted when it was killed, with what goes on with it', async () => {
    await using server = await startTeacherServer({ latencyMs: 500 })
    const command = folder.generate('killed', server, ['--rows', '200', '--run-id', 'killed'])
    await vi.waitUntil(() => server.requests >= 6, { timeout: 30_000 })
    const [, url] = /live page: (\S+)/.exec(command.output())!
    expect(await readPage(url!, 'rows', { run: 'killed' })).toMatchObject({ status: 200, body: { isCut: false } })
    for (const pid of await folder.pids('killed')) process.kill(pid, 'SIGKILL')
    await command.ended
    const runs = [{ status: 'interrupted', resume: 'the generate command that began it' }]
    expect(JSON.parse(await asked('killed', ['status', '--json']))).toMatchObject({ runs, agents: [] })
  }, 90_000)
})

describe('a run that trains', () => {
  let directory: string
  let server: TestServer
  let bus: Bus
  let state: PlannerState
  let task: Task
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'syllabus-answers-'))
    server = await withServer()
    task = await loadTask(await writeMiniTask(join(directory, 'task')))
    const request = { runId: 'answered', seed: 1, attempts: 1, rows: 8 }
    const topology = await readTopology(defaultTopology)
    const evidence = planEvidence(task, topology, {})
    bus = await madeRun(server, { task, topology, request: { ...request, evidence } })
    state = await pickRun(bus, undefined, () => true)
  }, 90_000)
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await rm(directory, { recursive: true })
  })

  const isSealed = (text: string) => [...task.test, ...task.audit].some(({ input }) => text.includes(input))

  test('its answers are those of validation, by item and student model', async () => {
    const items = await answeredItemsOf(bus, state)
    expect(items.map(({ id }) => id)).toEqual(task.validation.map(({ id }) => id))
    const models = items[0]!.answers.map(({ model }) => model)
    expect(models).toEqual(expect.arrayContaining(['base', 'attempt-1']))
    const sheet = state.attempts[0]!.validation!.overall[state.config.primary]
    const right = items.filter(({ answers }) => answers.some(({ model, correct }) => model === 'attempt-1' && correct))
    expect(right).toHaveLength(sheet.correct)
    expect(items.every(({ answers }) => answers.every(({ reply }) => reply !== ''))).toBe(true)
    expect(isSealed(JSON.stringify(items))).toBe(false)
    expect(shownModel(items, state, undefined)).toBe('final')
    const early = items.map((item) => ({ ...item, answers: item.answers.filter(({ model }) => model !== 'final') }))
    expect(shownModel(early, state, undefined)).toBe('attempt-1')
    expect(() => shownModel(items, state, 'nobody')).toThrow('No student model "nobody"')
  })

  test('the page reads the same rows as the terminal: in pages, searched, each with what is known of it', async () => {
    const all = await Array.fromAsync(runRows(bus, 'answered'))
    const reader = createRunReader(bus, { gateway: GatewayLimits.parse({ tableRows: 5 }) })
    const lines: RowLine[] = []
    for (let from = 0; from < all.length; from += 5) {
      const page = await reader.rows('answered', {}, from)
      expect(page).toMatchObject({ found: all.length, from, isCut: false })
      expect(page.lines.length).toBeLessThanOrEqual(5)
      lines.push(...page.lines)
    }
    expect(lines.map(({ id, status, reason }) => ({ id, status, reason }))).toEqual(
      all.map(({ id, status, reason }) => ({ id, status, reason })),
    )
    expect((await reader.rows('answered', {}, 1e9)).lines).toEqual([])
    for (const search of [{ admitted: true }, { refused: true }, { search: 'A1.R1 admitted' }, { search: 'no such' }]) {
      const wanted = await Array.fromAsync(runRows(bus, 'answered', search))
      expect((await reader.rows('answered', search, 0)).found, JSON.stringify(search)).toBe(wanted.length)
    }
    const { row } = all[0]!
    expect(await reader.row('answered', row!.id)).toMatchObject({ instruction: row!.instruction, output: row!.output })
    await expect(reader.row('answered', 'a9.r1.none.0.0')).rejects.toThrow('has no row a9.r1.none.0.0')
    await expect(reader.rows('another-run', {}, 0)).rejects.toThrow('There is no run another-run')
  })

  test('of a run with more rows than the memory has room for the first are shown; each can be opened', async () => {
    const all = await Array.fromAsync(runRows(bus, 'answered'))
    const reader = createRunReader(bus, { gateway: GatewayLimits.parse({ tableBytes: 4096 }) })
    const { found, isCut } = await reader.rows('answered', {}, 0)
    expect([isCut, found > 0, found < all.length]).toEqual([true, true, true])
    expect(await reader.row('answered', all.at(-1)!.id)).toMatchObject({ id: all.at(-1)!.id })
  })

  test('the page reads answers of any student model, and never an item that is sealed', async () => {
    const reader = createRunReader(bus, { gateway: GatewayLimits.parse({}) })
    const page = await reader.answers('answered', {}, 0)
    expect(page).toMatchObject({ found: task.validation.length, model: 'final' })
    const sheet = state.attempts[0]!.validation!.overall[state.config.primary]
    expect((await reader.answers('answered', { model: 'attempt-1', wrong: true }, 0)).found).toBe(
      sheet.total - sheet.correct,
    )
    const { id } = task.validation[0]!
    const { answers } = await reader.answer('answered', id)
    expect(answers.map(({ model }) => model)).toEqual(page.models)
    expect(isSealed(JSON.stringify([page, answers, await reader.labels('answered')]))).toBe(false)
    await expect(reader.answers('answered', { model: 'nobody' }, 0)).rejects.toThrow('No student model "nobody"')
    const sealed = task.test.find((item) => task.validation.every((other) => other.id !== item.id))!
    const refused = await reader.answer('answered', sealed.id).catch((error: unknown) => error)
    expect(reasonOf(refused)).toContain(`no such item ${sealed.id}`)
    expect(fixOf(refused)).toContain(`Name one of its ${task.validation.length}, such as ${id}, `)
  })

  test('a row leads to the datasets that hold it, the trainings on them, and the items of its skill that turned', async () => {
    const reader = createRunReader(bus, { gateway: GatewayLimits.parse({}) })
    const all = await Array.fromAsync(runRows(bus, 'answered', { attempt: 1 }))
    const { row } = all.find(({ status }) => status === 'admitted')!
    const { datasets, trainings } = await reader.lineage('answered', row!.id)
    expect(datasets).toEqual([{ attempt: 1, rows: 8, hash: state.attempts[0]!.datasetHash }])
    const items = await answeredItemsOf(bus, state)
    const own = items.filter(({ skill }) => skill === row!.skill)
    const first = trainings.find(({ model }) => model === 'attempt-1')!
    expect(first).toMatchObject({ skill: row!.skill, items: own.length })
    const correctBy = (model: string, item: (typeof own)[number]) =>
      item.answers.find((answer) => answer.model === model)!.correct
    const turned = own.filter((item) => !correctBy('base', item) && correctBy('attempt-1', item))
    expect(first.against[0]).toMatchObject({ model: 'base', right: turned.length })
    expect(isSealed(JSON.stringify(trainings))).toBe(false)
    const refused = (await Array.fromAsync(runRows(bus, 'answered', { refused: true }))).find((each) => each.row)
    if (refused) expect(await reader.lineage('answered', refused.id)).toEqual({ datasets: [], trainings: [] })
    await expect(reader.lineage('answered', 'a9.r1.none.0.0')).rejects.toThrow('has no row a9.r1.none.0.0')
  })

  test('the page reads the report that was written, and says how to write one', async () => {
    const reader = createRunReader(bus, { gateway: GatewayLimits.parse({}) })
    vi.stubEnv('SYLLABUS_RUNS', directory)
    await expect(reader.report('answered')).rejects.toThrow('There is no report of run answered')
    await mkdir(join(directory, 'answered'))
    await writeFile(join(directory, 'answered', 'report.html'), '<p>a report</p>')
    expect(await reader.report('answered')).toBe('<p>a report</p>')
    vi.unstubAllEnvs()
  })
})

test('what was read of a run is held until a message comes that changes it', async () => {
  await using server = await withServer()
  await using bus = await server.open('gateway')
  const publish = createTracePublisher(server)
  const log = traceLog({ runId: 'held', rows: 60 })
  const cut = log.findIndex(({ name }) => name === 'report')
  await publish(log.slice(0, cut))
  const reads: string[] = []
  const held = createHeld(bus, ['report'], async (runId) => reads.push(runId))
  expect(await Promise.all([held('held'), held('held')])).toEqual([1, 1])
  await publish(log.slice(cut, cut + 1))
  expect([await held('held'), await held('held')]).toEqual([2, 2])
  expect([await held('other'), await held('held')]).toEqual([3, 4])
})
