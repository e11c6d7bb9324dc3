import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
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

/** The column of `status` that says what a run has cost. */
async function statusOf(name: string): Promise<string> {
  const status = folder.command(name, ['status', '--json'])
  expect(await status.ended, status.output()).toBe(0)
  return status.output()
}

const noMoney = { status: 402, body: '{"error":{"message":"Insufficient balance"}}' }

test('a first call that is refused counts as one call, in the outcome and in the status', async () => {
  await using server = await startTeacherServer({ outage: () => noMoney })
  const command = folder.generate('refused', server, ['--rows', '20'])
  expect(await command.ended, command.output()).toBe(4)
  expect(server.requests).toBe(1)
  expect(command.output()).toContain('0 of 20 rows from 0 candidates and 1 call: ')
  expect((await folder.outcomeOf('refused')).spent.calls).toBe(1)
  expect(await statusOf('refused')).toContain('"spent":"1 call, 0 tokens')
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
  expect(await statusOf('unjudged')).toContain(`"spent":"${server.requests} calls, `)
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
  expect(await statusOf('killed')).toContain(`"spent":"at most ${spent.calls} calls, `)
}, 60_000)
