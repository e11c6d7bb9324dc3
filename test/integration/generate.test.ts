import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { syllabus } from '../support/command.ts'
import { natsBinary, until } from '../support/nats.ts'
import { promptProgram } from '../support/prompt-program.ts'
import { startTeacherServer, type TeacherServer } from '../support/teacher-server.ts'

const Outcome = z.object({
  rows: z.number(),
  stopReason: z.string(),
  spent: z.object({ calls: z.number() }),
  datasetHash: z.string(),
})

let folder: string
let pathWithNats: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-generate-'))
  pathWithNats = `${dirname(await natsBinary())}${delimiter}${process.env.PATH}`
  await writeFile(join(folder, 'program.json'), JSON.stringify(promptProgram({ rows: 10 })))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs `syllabus generate` with a home and an output folder of its own name. */
function generate(name: string, server: TeacherServer, args: readonly string[], env: Record<string, string> = {}) {
  return syllabus(
    [
      'generate',
      '--program',
      join(folder, 'program.json'),
      '--out',
      join(folder, name),
      '--model',
      server.model,
      ...args,
    ],
    {
      PATH: pathWithNats,
      SYLLABUS_HOME: join(folder, `${name}-home`),
      OPENAI_BASE_URL: server.url,
      OPENAI_API_KEY: 'k-planted',
      ...env,
    },
  )
}

const outcomeOf = async (name: string) =>
  Outcome.parse(JSON.parse(await readFile(join(folder, name, 'generation.json'), 'utf8')))

/** Process ids of the generators under a home, read from what they were started with. */
async function generatorPids(name: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((each) => /^\d+$/.test(each))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const started = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
      const ours = started.includes(`SYLLABUS_HOME=${join(folder, `${name}-home`)}\0`)
      return ours && started.includes('SYLLABUS_AGENT={"role":"generator"') ? [Number(pid)] : []
    }),
  )
  return found.flat()
}

test('gives exactly the rows wanted, refilling duplicates and faults, and nothing is counted wrongly', async () => {
  await using server = await startTeacherServer({
    duplicateEvery: 10,
    faults: { http500: 0.03, hang: 0.01, cutText: 0.03, cutBody: 0.03, empty: 0.02, refused: 0.02 },
  })
  const command = generate('exact', server, ['--rows', '150', '--format', 'prompt-completion'])
  expect(await command.ended, command.output()).toBe(0)
  const outcome = await outcomeOf('exact')
  expect(outcome).toMatchObject({ rows: 150, stopReason: 'rows-complete', spent: { calls: server.requests } })
  const lines = (await readFile(join(folder, 'exact', 'prompt-completion.jsonl'), 'utf8')).trim().split('\n')
  expect(new Set(lines.map((line) => JSON.parse(line).prompt)).size).toBe(150)
  expect(command.output()).not.toContain('k-planted')
})

test('a budget is never exceeded, and a run that it ends says so and keeps its rows', async () => {
  await using server = await startTeacherServer({ faults: { http500: 0.2 } })
  const command = generate('budget', server, ['--rows', '58', '--budget', '60'])
  expect(await command.ended, command.output()).toBe(3)
  const outcome = await outcomeOf('budget')
  expect(server.requests).toBeLessThanOrEqual(60)
  expect(outcome.stopReason).toBe('budget-used')
  expect(outcome.rows).toBeGreaterThan(20)
})

test('a generator killed half way pays again at most for what was in flight, and the dataset is the same', async () => {
  const rows = ['--rows', '120', '--concurrency', '10']
  await using calm = await startTeacherServer({ latencyMs: 20, duplicateEvery: 10 })
  const undisturbed = generate('calm', calm, rows)
  expect(await undisturbed.ended, undisturbed.output()).toBe(0)

  await using server = await startTeacherServer({ latencyMs: 150, duplicateEvery: 10 })
  const command = generate('killed', server, rows)
  await until('half of the calls are made', () => server.requests >= 60, 30_000)
  const pids = await generatorPids('killed')
  expect(pids.length).toBeGreaterThan(0)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  expect(await command.ended, command.output()).toBe(0)
  const outcome = await outcomeOf('killed')
  expect(outcome.datasetHash).toBe((await outcomeOf('calm')).datasetHash)
  const twice = [...server.byPrompt.values()].reduce((sum, count) => sum + count - 1, 0)
  expect(twice).toBeLessThanOrEqual(10)
  // Reserved calls without a reply count as spent, so the count is never below what was paid.
  expect(outcome.spent.calls).toBeGreaterThanOrEqual(server.requests)
})

test('a budget holds though the generator is killed again and again', async () => {
  await using server = await startTeacherServer({ latencyMs: 150, faults: { http500: 0.1 } })
  const command = generate('hunted', server, ['--rows', '88', '--concurrency', '10', '--budget', '90'])
  const killed = new Set<number>()
  for (const mark of [5, 25, 45]) {
    await until(`${mark} calls are made`, () => server.requests >= mark || command.child.exitCode !== null, 40_000)
    for (const pid of await generatorPids('hunted')) {
      killed.add(pid)
      process.kill(pid, 'SIGKILL')
    }
  }
  expect(await command.ended, command.output()).toBe(3)
  expect(killed.size).toBeGreaterThan(1)
  expect(server.requests).toBeLessThanOrEqual(90)
  expect(await outcomeOf('hunted')).toMatchObject({ stopReason: 'budget-used', spent: { calls: 90 } })
}, 120_000)

test('the same command goes on with a folder, and refuses other settings', async () => {
  await using server = await startTeacherServer({ latencyMs: 150 })
  const first = generate('resumed', server, ['--rows', '120', '--concurrency', '10'])
  await until('some calls are made', () => server.requests >= 40, 30_000)
  first.child.kill('SIGINT')
  expect(await first.ended, first.output()).toBe(130)
  const other = generate('resumed', server, ['--rows', '99', '--concurrency', '10'])
  expect(await other.ended).toBe(2)
  expect(other.output()).toContain('begun with another')
  const second = generate('resumed', server, ['--rows', '120', '--concurrency', '10'])
  expect(await second.ended, second.output()).toBe(0)
  expect(await outcomeOf('resumed')).toMatchObject({ rows: 120, stopReason: 'rows-complete' })
  expect(server.requests).toBeLessThanOrEqual(127 + 10)
})

test('what is wrong with the teacher is said before anything is paid', async () => {
  await using server = await startTeacherServer({ key: 'right' })
  const refused = generate('refused', server, ['--rows', '10'])
  expect(await refused.ended).toBe(2)
  expect(refused.output()).toContain('refuses the key')
  expect(refused.output()).not.toContain('k-planted')
  const missing = generate('refused', server, ['--rows', '10', '--model', 'nobody'], { OPENAI_API_KEY: 'right' })
  expect(await missing.ended).toBe(2)
  expect(missing.output()).toContain('has no model "nobody"')
  expect(server.requests).toBe(0)
})

test('more rows than the budget pays for are refused before anything is paid, with the mending step', async () => {
  await using server = await startTeacherServer()
  const command = generate('unpaid', server, ['--rows', '150', '--budget', '60'])
  expect(await command.ended, command.output()).toBe(2)
  expect(command.output()).toMatch(
    /150 rows cost at least 150 teacher calls, and 60 are allowed.*--budget 150.*--rows 60/s,
  )
  expect(server.requests).toBe(0)
})

test('a prompt that is too long for the teacher is refused before anything is paid, where its endpoint says its context', async () => {
  await using server = await startTeacherServer({ contextTokens: 900 })
  const command = generate('narrow', server, ['--rows', '10'])
  expect(await command.ended, command.output()).toBe(2)
  expect(command.output()).toMatch(
    /source "crates" wants about \d+ tokens.*context of test-teacher has 900.*sampling.maxTokens/s,
  )
  expect(server.requests).toBe(0)
})
