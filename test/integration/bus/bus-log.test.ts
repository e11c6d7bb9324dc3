import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bus, TerminalError } from '../../../bus/mod.ts'
import { registry } from '../../../schemas/registry.ts'
import { operatorLink } from '../../support/doors.ts'
import { memoryLog, type TestServer, take, until, withServer } from '../../support/nats.ts'

let server: TestServer
let operator: Bus
let gateway: Bus
const never = new AbortController().signal

beforeAll(async () => {
  server = await withServer()
  operator = await server.open('operator')
  gateway = await server.open('gateway')
})
afterAll(() => server[Symbol.asyncDispose]())

const send = (runId: string, n: number) =>
  operator.publish(
    registry['operator-command'],
    { runId, variant: 'rules', id: `m${n}` },
    { action: 'resume', reason: `${n}` },
  )

test('replays a run from its first message in order, then follows', async () => {
  for (let n = 0; n < 600; n++) await send('long', n)
  await send('other', 0)
  const stop = new AbortController()
  const seen: string[] = []
  const reading = (async () => {
    for await (const entry of gateway.log({ runId: 'long', follow: true, signal: stop.signal })) seen.push(entry.id)
  })()
  await until('replayed', () => seen.length === 600)
  const sentAt = performance.now()
  await send('long', 600)
  await until('followed', () => seen.length === 601)
  expect(performance.now() - sentAt).toBeLessThan(500)
  stop.abort()
  await reading
  expect(seen).toEqual(Array.from({ length: 601 }, (_, n) => `long.m${n}`))
})

test('an entry says who sent what to whom, and what it follows from', async () => {
  const first = await operator.publish(
    registry['operator-command'],
    { runId: 'entry', variant: 'rules', id: 'a' },
    { action: 'pause' },
  )
  const cause = { id: 'entry.a', traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` }
  const planner = await server.open('planner')
  await planner.publish(
    registry['status-changed'],
    { runId: 'entry', id: 'b', cause },
    { status: 'paused', reason: 'asked' },
  )
  const [control, changed] = await take(gateway.log({ runId: 'entry', follow: false, signal: never }), 2)
  expect(control).toMatchObject({
    seq: first.seq,
    name: 'operator-command',
    runId: 'entry',
    to: { role: 'planner', variant: 'rules' },
    from: { role: 'operator', variant: 'cli' },
    cause: null,
    payload: { action: 'pause' },
    bytes: 18,
  })
  expect(changed).toMatchObject({ name: 'status-changed', cause: 'entry.a', from: { role: 'planner' } })
  expect(changed?.to).toBeUndefined()
  expect(changed?.traceparent).toMatch(new RegExp(`^00-${'1'.repeat(32)}-[0-9a-f]{16}-01$`))
  expect(changed?.traceparent).not.toBe(cause.traceparent)
})

test('reads on from a place, and all runs where none is named', async () => {
  const acks = [await send('from', 0), await send('from', 1), await send('from', 2)]
  const fromSeq = acks[1]?.seq
  const rest = await take(gateway.log({ runId: 'from', fromSeq, follow: false, signal: never }), 9)
  expect(rest.map((entry) => entry.id)).toEqual(['from.m1', 'from.m2'])
  const all = await take(gateway.log({ follow: false, signal: never }), 10_000)
  expect(new Set(all.map((entry) => entry.runId))).toEqual(new Set(await gateway.runs()))
})

test('a payload that does not match its schema or is too large is refused before it is sent', async () => {
  const to = { runId: 'bad', variant: 'rules', id: 'x' }
  // @ts-expect-error: no such action
  await expect(operator.publish(registry['operator-command'], to, { action: 'fly' })).rejects.toThrow(TerminalError)
  const huge = { action: 'pause', reason: 'x'.repeat(9_000_000) } as const
  await expect(operator.publish(registry['operator-command'], to, huge)).rejects.toThrow(/object store/)
  expect(await gateway.runs()).not.toContain('bad')
})

test('a message that does not parse is shown raw with the reason', async () => {
  const link = await operatorLink(server, memoryLog())
  await link.js.publish('run.odd.planner.rules.operator-command', '{"action":"fly"}')
  await link.js.publish('run.odd.event.no-such-thing', 'not json')
  await link.nc.close()
  const [wrong, unknown] = await take(gateway.log({ runId: 'odd', follow: false, signal: never }), 2)
  expect(wrong).toMatchObject({ payload: { action: 'fly' }, parseError: expect.stringContaining('header') })
  expect(unknown).toMatchObject({ payload: 'not json', parseError: 'the payload is not JSON' })
})

test('purging a run removes its messages and objects and no others', async () => {
  await send('gone', 0)
  const ref = await operator.objects.putJson('LAB', 'gone/rows', [1])
  const kept = await operator.objects.putJson('LAB', 'stays/rows', [1])
  await operator.purgeRun('gone')
  expect(await operator.runs()).not.toContain('gone')
  expect(await operator.runs()).toContain('long')
  expect([await operator.objects.has(ref), await operator.objects.has(kept)]).toEqual([false, true])
})

test('a run with a message in work is not purged unless forced', async () => {
  const planner = await server.open('planner')
  const stop = new AbortController()
  const started = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  const idle = async () => {}
  const control = async (_: unknown, context: { runId: string }) => {
    if (context.runId !== 'busy') return
    started.resolve()
    await finish.promise
  }
  const handlers = {
    'run-started': idle,
    'operator-command': control,
    tried: idle,
    verdict: idle,
    report: idle,
    'final-eval-results': idle,
    fault: idle,
  }
  planner.work(handlers, { role: 'planner', variant: 'rules', slots: 1, signal: stop.signal })
  await send('busy', 0)
  await started.promise
  await expect(operator.purgeRun('busy')).rejects.toThrow(/planner-rules-operator-command/)
  await operator.purgeRun('long')
  await operator.purgeRun('busy', { force: true })
  expect(await operator.runs()).not.toContain('busy')
  finish.resolve()
  stop.abort()
})
