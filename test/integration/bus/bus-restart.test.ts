import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLink } from '../../../bus/link.ts'
import { logStreamOf } from '../../../bus/subjects.ts'
import { BusLimits } from '../../../schemas/bus-limits.ts'
import { registry } from '../../../schemas/registry.ts'
import { memoryLog, type TestServer, until, withServer } from '../../support/nats.ts'
import { plannerHandlers } from '../../support/planner-handlers.ts'

let server: TestServer

beforeAll(async () => {
  server = await withServer()
})
afterAll(() => server[Symbol.asyncDispose]())

test('a server killed and restarted loses nothing, and workers, readers and publishers go on by themselves', async () => {
  const runId = 'restart'
  const stop = new AbortController()
  const operator = await server.open('operator')
  const gateway = await server.open('gateway')
  const planner = await server.open('planner', 'rules', memoryLog())
  const handled: string[] = []
  const read: string[] = []
  const control = async (_: unknown, context: { id: string }) => void handled.push(context.id)
  const loop = planner.work(plannerHandlers({ 'operator-command': control }), {
    role: 'planner',
    variant: 'rules',
    slots: 2,
    signal: stop.signal,
  })
  const reading = (async () => {
    for await (const entry of gateway.log({ runId, follow: true, signal: stop.signal })) read.push(entry.id)
  })()
  const send = (n: number) =>
    operator.publish(registry['operator-command'], { runId, variant: 'rules', id: `m${n}` }, { action: 'pause' })

  for (let n = 0; n < 10; n++) await send(n)
  await until('10 handled', () => handled.length >= 10)
  await server.kill9()
  const whileAway = [10, 11, 12].map(send)
  await server.restart()
  const acks = await Promise.all(whileAway)
  for (let n = 13; n < 20; n++) await send(n)
  await until('20 handled and read', () => new Set(handled).size >= 20 && read.length >= 20, 25_000)
  stop.abort()
  await Promise.all([loop.done, reading])

  const expected = Array.from({ length: 20 }, (_, n) => `${runId}.m${n}`).sort()
  expect(acks.map((ack) => ack.duplicate)).not.toContain(undefined)
  expect([...read].sort()).toEqual(expected)
  expect([...new Set(handled)].sort()).toEqual(expected)
}, 60_000)

test('a write repeated after a lost answer is not taken for a conflict', async () => {
  const planner = await server.open('planner')
  const { z } = await import('zod')
  const runs = planner.kv('runs', z.number())
  const first = await runs.create('counter', 0)
  if (first === 'exists') throw new Error('the key is new')
  let revision = first
  const counting = (async () => {
    for (let n = 1; n <= 200; n++) {
      const next = await runs.update('counter', n, revision)
      if (next === 'conflict') throw new Error(`conflict at ${n}`)
      revision = next
    }
  })()
  await server.kill9()
  await server.restart()
  await counting
  expect(await runs.get('counter')).toEqual({ value: 200, revision })
}, 60_000)

test('a server that stays away is waited for as long as the limits say', async () => {
  const who = { role: 'operator', variant: 'test', instance: 'test' } as const
  const limits = BusLimits.parse({ requestMs: 200, awayMs: 600 })
  const link = await openLink(server.url, 'LAB', server.credentials.operator.LAB!, who, memoryLog(), limits)
  await server.kill9()
  const startedAt = performance.now()
  await expect(link.ask(() => link.jsm.streams.info(logStreamOf.LAB))).rejects.toThrow()
  expect(performance.now() - startedAt).toBeGreaterThan(250)
  expect(performance.now() - startedAt).toBeLessThan(5000)
  await server.restart()
  await until('it answers again', () =>
    link
      .ask(async () => (await link.jsm.streams.info(logStreamOf.LAB)).config.name === logStreamOf.LAB)
      .catch(() => false),
  )
  await link.nc.close()
}, 60_000)
