import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bus, TerminalError } from '../../../bus/mod.ts'
import { pullOne } from '../../../bus/pull.ts'
import { registry } from '../../../schemas/registry.ts'
import { operatorLink, quickConsumer } from '../../support/doors.ts'
import { memoryLog, type TestServer, take, until, withServer } from '../../support/nats.ts'
import { plannerHandlers } from '../../support/planner-handlers.ts'

let server: TestServer
let operator: Bus
let planner: Bus
const stop = new AbortController()
const outcomes = new Map<string, number>()
let cured = false

beforeAll(async () => {
  server = await withServer()
  operator = await server.open('operator')
  planner = await server.open('planner')
  const control = async (_: unknown, context: { id: string }) => {
    outcomes.set(context.id, (outcomes.get(context.id) ?? 0) + 1)
    if (!cured) throw new TerminalError('sick')
  }
  const options = { role: 'planner', variant: 'rules', slots: 1, signal: stop.signal } as const
  planner.work(plannerHandlers({ 'operator-command': control }), options)
})
afterAll(async () => {
  stop.abort()
  await server[Symbol.asyncDispose]()
})

test('W4 a dead letter is listed with its message, redriven once, and handled then', async () => {
  await operator.publish(
    registry['operator-command'],
    { runId: 'dead', variant: 'rules', id: 'a' },
    { action: 'pause' },
  )
  await until('listed', async () => (await operator.dead.list()).length === 1)
  const [letter] = await operator.dead.list()
  expect(letter).toMatchObject({
    id: 'LAB-1',
    kind: 'terminated',
    reason: 'sick',
    deliveries: 1,
    consumer: 'planner-rules-operator-command',
    message: { id: 'dead.a', name: 'operator-command', payload: { action: 'pause' } },
  })
  cured = true
  await operator.dead.redrive('LAB-1')
  await until('handled again', () => outcomes.size === 2)
  expect([...outcomes.entries()]).toEqual([
    ['dead.a', 1],
    ['dead.a.redrive-LAB-1', 1],
  ])
  expect(await operator.dead.list()).toEqual([])
  await expect(operator.dead.redrive('LAB-1')).rejects.toThrow(TerminalError)
  await expect(operator.dead.redrive('nonsense')).rejects.toThrow(TerminalError)
  cured = false
})

test('W4 a message that does not parse is a dead letter with its reason', async () => {
  const link = await operatorLink(server, memoryLog())
  await link.js.publish('run.odd.planner.rules.operator-command', 'not json')
  await until('listed', async () => (await operator.dead.list()).length === 1)
  const [letter] = await operator.dead.list()
  expect(letter?.reason).toBe('does not parse: the payload is not JSON')
  expect(letter?.message?.payload).toBe('not json')
  await link.jsm.streams.purge('DEAD')
  await link.nc.close()
})

test('a message of an unknown version is a dead letter', async () => {
  const { headers } = await import('nats')
  const link = await operatorLink(server, memoryLog())
  const sent = headers()
  sent.set('Syllabus-Message', 'operator-command@99')
  await link.js.publish('run.odd.planner.rules.operator-command', '{"action":"pause"}', { headers: sent })
  await until('listed', async () => (await operator.dead.list()).length === 1)
  expect((await operator.dead.list())[0]?.reason).toContain('version 99 of operator-command is not read here')
  await link.jsm.streams.purge('DEAD')
  await link.nc.close()
})

test('W4 a message whose workers never answer is a dead letter when its deliveries are used up', async () => {
  const link = await operatorLink(server, memoryLog())
  const consumer = await quickConsumer(link, registry.batch, 'rules', { ackWaitMs: 300, maxDeliver: 2 })
  await link.js.publish('run.hung.critic.rules.batch', '{}')
  const attempts: number[] = []
  const giveUp = new AbortController()
  // A worker that takes what it is given and dies: no answer, no heartbeat.
  const pulling = (async () => {
    while (!giveUp.signal.aborted)
      attempts.push(...[await pullOne([consumer], giveUp.signal)].flatMap((it) => it?.attempt ?? []))
  })()
  await until('listed', async () => (await operator.dead.list()).length === 1)
  giveUp.abort()
  await pulling
  expect(attempts).toEqual([1, 2])
  const [letter] = await operator.dead.list()
  expect(letter).toMatchObject({ kind: 'exhausted', deliveries: 2, message: { runId: 'hung', name: 'batch' } })
  expect(letter?.reason).toContain('not acknowledged in 2 deliveries')
  await expect(operator.purgeRun('hung')).resolves.toBeUndefined()
  await link.nc.close()
})

test('the planner is told of dead letters, also of those from before it came', async () => {
  const [reported] = await take(planner.dead.follow(stop.signal), 1)
  expect(reported).toMatchObject({ kind: 'exhausted', consumer: 'critic-rules-batch', message: null })
})
