import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type GenerateFolder, openGenerateFolder } from '../../../support/generate.ts'
import { until } from '../../../support/nats.ts'
import { promptProgram } from '../../../support/prompt-program.ts'
import { startTeacherServer } from '../../../support/teacher-server.ts'

let folder: GenerateFolder
beforeAll(async () => {
  folder = await openGenerateFolder()
  const judged = promptProgram({ rows: 10, judge: { minScore: 4 } })
  await writeFile(join(folder.path, 'judge.json'), JSON.stringify(judged))
})
afterAll(() => folder[Symbol.asyncDispose]())

const Spent = z.object({ calls: z.number(), lost: z.number(), inputTokens: z.number(), outputTokens: z.number() })
const Run = z.object({ attempts: z.object({ done: z.number(), of: z.number() }), best: z.null(), spent: Spent })
const Status = z.object({ runs: z.tuple([Run]) })

/** What `status` says that a run has cost, as numbers; and the line of its table. */
async function statusOf(name: string) {
  // One after the other: each starts the server of the home.
  const facts = folder.command(name, ['status', '--json'])
  expect(await facts.ended, facts.output()).toBe(0)
  const table = folder.command(name, ['status'])
  expect(await table.ended, table.output()).toBe(0)
  const [{ attempts, spent }] = Status.parse(JSON.parse(facts.output())).runs
  expect(table.output()).toContain(` ${attempts.done}/${attempts.of} `)
  return { spent, table: table.output() }
}

const noMoney = { status: 402, body: '{"error":{"message":"Insufficient balance"}}' }

test('a first call that is refused counts as one call, in the outcome and in the status', async () => {
  await using server = await startTeacherServer({ outage: () => noMoney })
  const command = folder.generate('refused', server, ['--rows', '20'])
  expect(await command.ended, command.output()).toBe(4)
  expect(server.requests).toBe(1)
  expect(command.output()).toContain('0 of 20 rows from 0 candidates and 1 call: ')
  expect((await folder.outcomeOf('refused')).spent.calls).toBe(1)
  const { spent, table } = await statusOf('refused')
  expect(spent).toEqual({ calls: 1, lost: 0, inputTokens: 0, outputTokens: 0 })
  expect(table).toContain(' 1 call, 0 tokens')
}, 60_000)

test('where the judge is refused, the rows that it was to judge count what they cost', async () => {
  let judged = 0
  await using server = await startTeacherServer({
    outage: () => (server.requests > 20 && ++judged > 0 ? noMoney : null),
  })
  const program = ['--program', join(folder.path, 'judge.json')]
  const command = folder.generate('unjudged', server, ['--rows', '20', '--concurrency', '4', ...program])
  expect(await command.ended, command.output()).toBe(4)
  expect(judged).toBeGreaterThan(0)
  expect((await folder.outcomeOf('unjudged')).spent.calls).toBe(server.requests)
  expect(command.output()).toContain(` and ${server.requests} calls: `)
  const { spent, table } = await statusOf('unjudged')
  expect(spent).toMatchObject({ calls: server.requests, lost: 0, inputTokens: expect.any(Number) })
  expect(table).toContain(` ${server.requests} calls, `)
}, 60_000)

test('after a kill -9 of a generator the calls are told as at most so many, and as no fewer than are known', async () => {
  await using server = await startTeacherServer({ latencyMs: 300 })
  const command = folder.generate('killed', server, ['--rows', '60', '--concurrency', '10'])
  await until('calls are in flight', () => server.requests > 25 && server.inFlight > 4, 30_000)
  for (const pid of await folder.agentPids('killed', 'generator')) process.kill(pid, 'SIGKILL')
  expect(await command.ended, command.output()).toBe(0)
  const { spent, leastCalls } = await folder.outcomeOf('killed')
  expect(spent.calls).toBeGreaterThanOrEqual(server.requests)
  expect(leastCalls).toBeLessThan(server.requests)
  expect(command.output()).toContain(` and at most ${spent.calls} calls: `)
  const shown = await statusOf('killed')
  expect(shown.spent.calls).toBe(spent.calls)
  expect(shown.spent.lost).toBeGreaterThan(0)
  expect(shown.table).toContain(` at most ${spent.calls} calls, `)
}, 60_000)
