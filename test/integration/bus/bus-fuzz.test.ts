import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { takeDeadLetters } from '../../../agents/kit/agent.ts'
import { createLog } from '../../../agents/kit/log.ts'
import { Presence, TerminalError } from '../../../bus/mod.ts'
import { registry } from '../../../schemas/registry.ts'
import { startGateway } from '../../../trace/gateway.ts'
import { hostileMessages, writeRaw } from '../../support/hostile-message.ts'
import { memoryLog, type TestServer, until, withServer } from '../../support/nats.ts'
import { plannerHandlers } from '../../support/planner-handlers.ts'
import { openViewer } from '../../support/viewer.ts'

/*
 * What another client puts on the bus is bytes. Each reader must get past them: a throw in a callback of nats.js ends the connection's
 * reading without a word, and one in a loop that nobody starts again ends what it followed.
 */

const count = 2000
const log = createLog({}, { level: 'silent' })
let server: TestServer
const stop = new AbortController()
beforeAll(async () => {
  server = await withServer()
})
afterEach(() => expect(unhandled.splice(0)).toEqual([]))
afterAll(async () => {
  stop.abort()
  await server[Symbol.asyncDispose]()
})
const unhandled: unknown[] = []
process.on('unhandledRejection', (error) => unhandled.push(error))

const raw = (bytes: readonly Buffer[]) => writeRaw(server.url, server.credentials.operator.LAB!, bytes)

test(`a reader of the log gets every one of ${count} hostile messages, and so does a viewer`, async () => {
  const hostile = hostileMessages(1)
  const names = [
    'event.progress',
    'event.run-finished',
    'event.nothing',
    'planner.rules.operator-command',
    'critic.rules.batch',
    'a.b.c',
  ]
  await raw(Array.from({ length: count }, () => hostile.publish(`run.odd.${hostile.pick(names)}`)))
  const operator = await server.open('operator')
  const entries = await Array.fromAsync(operator.log({ runId: 'odd', follow: false, signal: stop.signal }))
  expect(entries).toHaveLength(count)
  expect(entries.filter(({ parseError }) => !parseError)).toEqual([])
  expect(entries.every(({ from, at }) => from.role && from.variant && from.instance && at)).toBe(true)

  const bus = await server.open('gateway')
  const gateway = await startGateway({ bus, token: 'a', log: memoryLog(), signal: stop.signal })
  const viewer = openViewer(gateway, { run: 'odd' })
  await viewer.caughtUp()
  expect(viewer.seqs()).toHaveLength(count)
  await gateway.close()
})

test('hostile values in a bucket neither end who watches it nor hide the others', async () => {
  const hostile = hostileMessages(2)
  const gateway = await server.open('gateway')
  const seen = new Set<string>()
  const watching = (async () => {
    for await (const { key, value } of gateway.kv('agents', Presence).watch(stop.signal)) if (value) seen.add(key)
  })()
  const keys = ['planner.rules.a', 'critic.rules.b', 'one', 'with%odd', 'with"quotes', '\u00e9', '{}', '$', 'a=b.c/d']
  await raw(Array.from({ length: 300 }, () => hostile.publish(`$KV.agents.${hostile.pick(keys)}`)))
  const generator = await server.open('generator')
  await using _announced = generator.announce()
  await until('the generator is seen', () => [...seen].some((key) => key.startsWith('generator.')))
  expect((await gateway.kv('agents', Presence).keys()).some((key) => key.startsWith('generator.'))).toBe(true)
  expect(await Promise.race([watching, 'watching'])).toBe('watching')
})

test('hostile work becomes dead letters, forged notices are passed over, and both are followed on', async () => {
  const hostile = hostileMessages(3)
  const operator = await server.open('operator')
  const planner = await server.open('planner')
  const handled: string[] = []
  const reported: string[] = []
  const control = async (_: unknown, { id }: { id: string }) => {
    handled.push(id)
    throw new TerminalError('sick')
  }
  planner.work(plannerHandlers({ 'operator-command': control }), {
    role: 'planner',
    variant: 'rules',
    slots: 4,
    signal: stop.signal,
  })
  let failures = 0
  const following = takeDeadLetters(planner, { log, signal: stop.signal }, async ({ message }) => {
    if (message?.runId !== 'sick') return
    if (failures++ === 0) throw new TerminalError('passed over')
    reported.push(message.id)
  })
  const advisory = '$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.RUN.planner-rules-operator-command'
  await raw(
    Array.from({ length: 300 }, () =>
      hostile.publish(hostile.pick([advisory, 'run.worked.planner.rules.operator-command'])),
    ),
  )
  for (const id of ['a', 'b'])
    await operator.publish(registry['operator-command'], { runId: 'sick', variant: 'rules', id }, { action: 'pause' })
  await until('both were handled', () => handled.length === 2, 60_000)
  await until('the second was reported', () => reported.length === 1, 60_000)
  const letters = await operator.dead.list()
  expect(letters.filter(({ message }) => message?.runId === 'worked').length).toBeGreaterThan(100)
  expect(letters.map(({ message }) => message?.id)).toEqual(expect.arrayContaining(['sick.a', 'sick.b']))
  expect(await Promise.race([following, 'following'])).toBe('following')
}, 120_000)
