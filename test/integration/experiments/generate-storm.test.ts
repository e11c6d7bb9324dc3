import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GenerateFolder, openGenerateFolder } from '../../support/generate.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'

let folder: GenerateFolder
beforeAll(async () => {
  folder = await openGenerateFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

test('several generators and the critic together keep to one limit', async () => {
  await using server = await startTeacherServer({ latencyMs: 60 })
  const args = ['--rows', '300', '--generators', '3', '--concurrency', '12']
  const command = folder.generate('limited', server, args)
  expect(await command.ended, command.output()).toBe(0)
  expect(server.maxInFlight).toBeLessThanOrEqual(12)
  expect(server.maxInFlight).toBeGreaterThanOrEqual(9)
}, 60_000)

test('an endpoint that takes a few requests at a time is not stormed by several generators', async () => {
  const places = 10
  await using server = await startTeacherServer({
    latencyMs: 100,
    outage: () => (server.inFlight > places ? { status: 429 } : null),
  })
  const args = ['--rows', '400', '--generators', '3']
  const command = folder.generate('stormed', server, args)
  expect(await command.ended, command.output()).toBe(0)
  const { rows, spent, datasetHash } = await folder.outcomeOf('stormed')
  expect(rows).toBe(400)
  expect(spent.calls).toBe(server.requests)
  // Without a narrower width it took 3,473 requests.
  expect(server.requests).toBeLessThan(2.5 * server.byPrompt.size)
  // Nobody's call was lost for the others': the rows are those of an endpoint that takes all of them.
  await using calm = await startTeacherServer()
  const whole = folder.generate('calm', calm, args)
  expect(await whole.ended, whole.output()).toBe(0)
  expect((await folder.outcomeOf('calm')).datasetHash).toBe(datasetHash)
}, 120_000)
