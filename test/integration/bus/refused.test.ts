import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { BusAwayError, BusSetupError, connectBus } from '../../../bus/mod.ts'
import { bucketsOf } from '../../../bus/subjects.ts'
import { BusLimits } from '../../../schemas/bus-limits.ts'
import { agentRoles, type Role } from '../../../schemas/role.ts'
import { TelemetryLimits } from '../../../schemas/session-limits.ts'
import { createTelemetry } from '../../../telemetry/telemetry.ts'
import { type TestCluster, withCluster } from '../../support/cluster.ts'
import { memoryLog, until } from '../../support/nats.ts'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await withCluster({ size: 1 })
}, 60_000)
afterAll(() => cluster[Symbol.asyncDispose]())

const anything = z.unknown()

async function connect(role: Role, awayMs: number) {
  const log = memoryLog()
  const limits = BusLimits.parse({ awayMs, requestMs: 500, troubles: { awayMs: 1 } })
  const who = { role, variant: 'test', instance: `${role}-test` }
  const { url: servers, credentials } = cluster
  const bus = await connectBus({ servers, credentials: credentials[role], isKnown: true, limits, log, ...who })
  return { bus, log }
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => error,
  )

test('a user that the server refuses for bus.awayMs is given up with the reason, and its probe is unhealthy', async () => {
  const { bus } = await connect('generator', 1500)
  const telemetry = createTelemetry(TelemetryLimits.parse({}), '1')
  await telemetry.observe({ bus, readsAll: false, agents: () => [] })
  expect(telemetry.unhealthy()).toEqual([])
  const watching = failure(Array.fromAsync(bus.kv('agents', anything).watch(new AbortController().signal)))
  await cluster.allow('generator', false)
  const error = await failure(bus.refused)
  expect(error).toBeInstanceOf(BusSetupError)
  expect((error as BusSetupError).what).toBe('The NATS server refuses the user "generator-lab"')
  expect([bus.isClosed, bus.isLost, telemetry.unhealthy().length]).toEqual([true, true, 1])
  for (const asked of [bus.kv('agents', anything).keys(), bus.presenceTtlMs()]) expect(await failure(asked)).toBe(error)
  expect(await watching).toBe(error)
  await bus[Symbol.asyncDispose]()
  await cluster.allow('generator', true)
}, 60_000)

test('one that is allowed again in time goes on, and so does one whose server was away for longer', async () => {
  const { bus, log } = await connect('critic', 4000)
  let isGivenUp = false
  bus.refused.catch(() => (isGivenUp = true))
  const isRefused = () => log.lines.some(({ reason }) => /authorization violation/i.test(String(reason)))
  await cluster.allow('critic', false)
  await until('it is refused', isRefused)
  await cluster.allow('critic', true)
  await expect(bus.kv('agents', anything).keys()).resolves.toEqual([])
  await cluster.kill9(0)
  expect(await failure(bus.kv('agents', anything).keys())).toBeInstanceOf(BusAwayError)
  expect(await failure(bus.kv('agents', anything).keys())).toBeInstanceOf(BusAwayError)
  await cluster.start(0)
  await until('it answers', () =>
    bus
      .kv('agents', anything)
      .keys()
      .then(
        () => true,
        () => false,
      ),
  )
  expect([isGivenUp, bus.isClosed]).toEqual([false, false])
  await bus[Symbol.asyncDispose]()
}, 60_000)

test.each([...agentRoles, 'gateway'] as const)(
  '%s watches all buckets and asks for nothing that it may not',
  async (role) => {
    const { bus, log } = await connect(role, 10_000)
    const operator = await cluster.open('operator', 'cli')
    await operator.kv('runs', anything).put(`of-${role}`, { text: 'changed' })
    const stop = new AbortController()
    const seen: string[] = []
    const watches = bucketsOf('LAB').map(async (bucket) => {
      for await (const { key } of bus.kv(bucket, anything).watch(stop.signal)) seen.push(key)
    })
    await until('it is seen', () => seen.includes(`of-${role}`))
    await operator.kv('runs', anything).put(`later-${role}`, { text: 'changed' })
    await until('a change is seen', () => seen.includes(`later-${role}`))
    stop.abort()
    await Promise.all(watches)
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([])
    await bus[Symbol.asyncDispose]()
  },
  60_000,
)
