import { afterAll, beforeAll, expect, test } from 'vitest'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { type GenerateFolder, openGenerateFolder } from '../../support/generate.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'

let folder: GenerateFolder
beforeAll(async () => {
  folder = await openGenerateFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

test('fields that an endpoint refuses cost a process one call each, and the next run none; all of them are counted', async () => {
  await using server = await startTeacherServer({ latencyMs: 20, refuses: ['max_tokens', 'temperature'] })
  const args = ['--rows', '100', '--generators', '2', '--concurrency', '40']
  const first = folder.generate('refusing', server, args)
  expect(await first.ended, first.output()).toBe(0)
  const { rows, spent } = await folder.outcomeOf('refusing')
  expect({ rows, calls: spent.calls }).toEqual({ rows: 100, calls: server.requests })
  const learned = server.requests - server.byPrompt.size
  expect(learned).toBeGreaterThanOrEqual(2)
  expect(learned).toBeLessThanOrEqual(2 * 2)
  const before = server.requests
  const again = folder.generate('refusing', server, [...args, '--seed', '2', '--out', `${folder.path}/refusing-again`])
  expect(await again.ended, again.output()).toBe(0)
  expect((await folder.outcomeOf('refusing-again')).spent.calls).toBe(server.requests - before)
  expect(server.requests - before).toBe(server.byPrompt.size)
}, 60_000)

const afterSome = (calls: number, error: object) => {
  const body = JSON.stringify({ error })
  return startTeacherServer({ latencyMs: 20, outage: () => (++asked > calls ? { status: 200, body } : null) })
}
let asked = 0

test('errors that come as successes and say nothing of their kind end the run as a teacher that is away, soon', async () => {
  asked = 0
  await using server = await afterSome(60, { message: 'planted' })
  const topology = await folder.topology('hasty', { teacher: { maxTries: 3, backoffMs: 50 } })
  const command = folder.generate('nameless', server, ['--rows', '100', '--concurrency', '20', '--topology', topology])
  expect(await command.ended, command.output()).toBe(3)
  const outcome = await folder.outcomeOf('nameless')
  expect(outcome.stopReason).toBe('teacher-unavailable')
  expect(outcome.rows).toBeGreaterThanOrEqual(25)
  expect(outcome.spent.calls).toBe(server.requests)
}, 60_000)

test('an error that comes as a success and names a refused key makes the run wait, with its reason; every request is counted', async () => {
  asked = 0
  await using server = await afterSome(60, { message: 'planted', code: 'invalid_api_key' })
  const command = folder.generate('lasting', server, ['--rows', '100', '--concurrency', '20'])
  expect(await command.ended, command.output()).toBe(4)
  expect(command.output()).toContain('planted')
  expect(server.requests).toBeLessThan(60 + 3 * 20)
  expect((await folder.outcomeOf('lasting')).spent.calls).toBe(server.requests)
  asked = Number.NEGATIVE_INFINITY
  const again = folder.generate('lasting', server, ['--rows', '100', '--concurrency', '20'])
  expect(await again.ended, again.output()).toBe(0)
  expect((await folder.outcomeOf('lasting')).spent.calls).toBe(server.requests)
}, 60_000)

test('a filter that forbids some prompts costs those; one that goes on to forbid all makes the run wait, with its reason', async () => {
  const blocked = { status: 403, body: '{"error":{"message":"Request blocked."}}' }
  let requests = 0
  let isBlocked = (request: number): boolean => request > 1 && request % 8 === 0
  await using server = await startTeacherServer({
    latencyMs: 20,
    outage: () => (isBlocked(++requests) ? blocked : null),
  })
  const some = folder.generate('filtered', server, ['--rows', '100', '--concurrency', '20'])
  expect(await some.ended, some.output()).toBe(0)
  expect(some.output()).toMatch(/no row of \d+ \(forbidden\), for example: forbidden: HTTP 403: .*Request blocked/)
  const { rows, spent, bySource } = await folder.outcomeOf('filtered')
  expect({ rows, calls: spent.calls }).toEqual({ rows: 100, calls: server.requests })
  const forbidden = Object.values(bySource).reduce((sum, { failed }) => sum + (failed?.forbidden ?? 0), 0)
  expect(forbidden).toBe(Math.floor(requests / 8))
  requests = 0
  isBlocked = (request) => request > 30
  const command = folder.generate('forbidden', server, ['--rows', '100', '--concurrency', '20', '--seed', '2'])
  expect(await command.ended, command.output()).toBe(4)
  expect(command.output()).toContain('the teacher refuses: HTTP 403')
  // Twenty of the last forty, and what was under way by then.
  expect(requests).toBeGreaterThanOrEqual(30 + 20)
  expect(requests).toBeLessThanOrEqual(30 + 20 + 2 * 20)
  isBlocked = () => false
  const again = folder.generate('forbidden', server, ['--rows', '100', '--concurrency', '20', '--seed', '2'])
  expect(await again.ended, again.output()).toBe(0)
  expect((await folder.outcomeOf('forbidden')).rows).toBe(100)
}, 60_000)

test('an embedder that is down is no matter of a command that trains nothing', async () => {
  await using server = await startTeacherServer({ latencyMs: 20 })
  const { agents } = await readTopology(defaultTopology)
  const embedder = { baseUrl: 'http://127.0.0.1:9/v1', model: 'm', apiKeyEnv: 'EMBED_KEY' }
  const topology = await folder.topology('embedding', {
    agents: { ...agents, 'trainer-bridge': { variant: 'peft', options: { embedder } } },
  })
  const command = folder.generate('untrained', server, ['--rows', '10', '--topology', topology])
  expect(await command.ended, command.output()).toBe(0)
}, 60_000)
