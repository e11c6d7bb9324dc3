import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AnyHandler, WorkConsumerRef } from '../../../bus/handle.ts'
import type { Link } from '../../../bus/link.ts'
import { type Bus, type LoopState, RetryError, TerminalError } from '../../../bus/mod.ts'
import { startLoop, type WorkLoop } from '../../../bus/work-loop.ts'
import { registry } from '../../../schemas/registry.ts'
import { operatorLink, quickConsumer } from '../../support/doors.ts'
import { memoryLog, type TestServer, take, until, withServer } from '../../support/nats.ts'
import { plannerHandlers } from '../../support/planner-handlers.ts'

let server: TestServer
let operator: Bus
let link: Link
const log = memoryLog()
let runId = ''
let runs = 0

beforeAll(async () => {
  server = await withServer()
  operator = await server.open('operator')
  link = await operatorLink(server, log)
})
afterAll(async () => {
  await link.nc.close()
  await server[Symbol.asyncDispose]()
})
beforeEach(async () => {
  runId = `loop-${++runs}`
  log.lines.length = 0
})

const control = (id: string, run = runId) =>
  operator.publish(registry['operator-command'], { runId: run, variant: 'rules', id }, { action: 'pause' })
const info = () => link.jsm.consumers.info('RUN', 'planner-rules-operator-command')
const quick = (delivery = {}) =>
  quickConsumer(link, registry['operator-command'], 'rules', { ackWaitMs: 1000, ...delivery })

function work(
  consumer: WorkConsumerRef,
  handler: AnyHandler,
  options: { slots?: number; drainMs?: number; isStalled?: () => boolean; states?: LoopState[] } = {},
): WorkLoop {
  const signal = new AbortController().signal
  const onState = (state: LoopState) => options.states?.push(state)
  const handlers = new Map([['operator-command', handler]])
  return startLoop([consumer], handlers, { slots: 1, signal, ...options, onState }, log)
}

describe('W1 one pulled message per free slot', () => {
  test('8 slow messages and 2 workers: each handled once, shared, and never more than one held by each', async () => {
    const consumer = await quick({ ackWaitMs: 30_000 })
    const handled: [string, string][] = []
    let mostHeld = 0
    const handler = (worker: string): AnyHandler => {
      return async (_, context) => {
        mostHeld = Math.max(mostHeld, (await info()).num_ack_pending)
        await sleep(100)
        handled.push([context.id, worker])
      }
    }
    for (let n = 0; n < 8; n++) await control(`m${n}`)
    await using _first = work(consumer, handler('first'))
    await using _second = work(consumer, handler('second'))
    await until('8 handled', () => handled.length >= 8)
    await until('all acknowledged', async () => (await info()).num_ack_pending === 0)
    expect(new Set(handled.map(([id]) => id)).size).toBe(8)
    expect(handled).toHaveLength(8)
    expect(mostHeld).toBeLessThanOrEqual(2)
    expect(handled.filter(([, worker]) => worker === 'first').length).toBeGreaterThan(1)
    expect(handled.filter(([, worker]) => worker === 'second').length).toBeGreaterThan(1)
  })

  test('one slot at several doors works on one message at a time, and all messages are handled once', async () => {
    const planner = await server.open('planner')
    const signal = new AbortController()
    let running = 0
    let most = 0
    const handled: string[] = []
    const handler = async (_: unknown, context: { id: string }) => {
      most = Math.max(most, ++running)
      await sleep(5)
      running -= 1
      handled.push(context.id)
    }
    const handlers = plannerHandlers({ 'operator-command': handler, verdict: handler })
    planner.work(handlers, { role: 'planner', variant: 'rules', slots: 1, signal: signal.signal })
    const critic = await server.open('critic')
    const ref = await critic.objects.putJson('LAB', `${runId}/rows`, [])
    const counts = { calls: 0, inputTokens: 0, outputTokens: 0 }
    const verdict = {
      attempt: 1,
      round: 1,
      bySource: {},
      rows: 0,
      dataset: ref,
      datasetHash: ref.sha256,
      templateOverlap: 0,
      spent: counts,
    }
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        n % 2 === 0
          ? control(`c${n}`)
          : critic.publish(registry.verdict, { runId, variant: 'rules', id: `v${n}` }, verdict),
      ),
    )
    await until('20 handled', () => handled.length >= 20)
    signal.abort()
    expect(handled).toHaveLength(20)
    expect(new Set(handled).size).toBe(20)
    expect(most).toBe(1)
  })
})

describe('W2 heartbeat while a handler runs', () => {
  test('a handler of three ack waits is given its message once', async () => {
    const attempts: number[] = []
    await control('long')
    await using _loop = work(await quick({ ackWaitMs: 600 }), async (_, context) => {
      attempts.push(context.attempt)
      await sleep(1800)
    })
    await until('acknowledged', async () => attempts.length > 0 && (await info()).num_ack_pending === 0)
    expect(attempts).toEqual([1])
  })

  test('W6 a message that comes again while it is worked on is not begun a second time, and its last delivery is acknowledged', async () => {
    const { message, ...consumer } = await quick({ ackWaitMs: 300 })
    // The server hears nothing of the handler for a while, as while a consumer has no leader.
    const unheard = { ...consumer, message: { ...message, delivery: { ...message.delivery, ackWaitMs: 30_000 } } }
    const seen: number[] = []
    const free = Promise.withResolvers<void>()
    const handler: AnyHandler = async (_, context) => {
      seen.push(context.attempt)
      await free.promise
    }
    await using _loop = work(unheard, handler, { slots: 3 })
    await control('again')
    const again = () => log.lines.filter(({ message }) => message === 'came again while it is worked on')
    await until('it came again twice', () => again().length >= 2)
    free.resolve()
    await until('it is handled', () =>
      log.lines.some(({ message, outcome }) => message === 'handled' && outcome === 'done'),
    )
    expect((await info()).num_ack_pending).toBe(0)
    expect(seen).toEqual([1])
  })

  test('a worker killed in the middle loses its message to another one', async () => {
    await quick({ ackWaitMs: 1000 })
    await control('orphan')
    const script = join(import.meta.dirname, '../../support/stuck-worker.ts')
    const credentialsFile = join(server.storeDir, 'credentials.json')
    const stuck = spawn(process.execPath, [script, server.url, credentialsFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [text] = await once(stuck.stdout, 'data')
    expect(String(text)).toBe('took 1\n')
    stuck.kill('SIGKILL')
    await once(stuck, 'exit')
    const attempts: number[] = []
    await using _loop = work(await quick(), async (_, context) => void attempts.push(context.attempt))
    await until('redelivered', () => attempts.length > 0)
    expect(attempts).toEqual([2])
  })
})

describe('W3 two-step stop', () => {
  test('a stop takes nothing new, lets the handler finish and acknowledges', async () => {
    const states: LoopState[] = []
    const finish = Promise.withResolvers<void>()
    const started: string[] = []
    const loop = work(
      await quick(),
      async (_, context) => {
        started.push(context.id)
        await finish.promise
      },
      { states },
    )
    await control('last')
    await until('started', () => started.length === 1)
    const stopped = loop.stop()
    await until('draining', () => loop.state === 'draining')
    await control('after')
    finish.resolve()
    await stopped
    expect(states).toEqual(['draining', 'stopped'])
    expect(started).toEqual([`${runId}.last`])
    expect(log.lines.filter((line) => line.message === 'handled')).toMatchObject([
      { id: `${runId}.last`, outcome: 'done' },
    ])
    const rest = await info()
    expect([rest.num_ack_pending, rest.num_pending]).toEqual([0, 1])
    await using _next = work(await quick(), async () => {})
    await until('the next worker takes it', async () => (await info()).num_pending === 0)
  })

  test('a handler that does not end in time is aborted and its message given to another worker', async () => {
    const seen: number[] = []
    const loop = work(
      await quick({ ackWaitMs: 30_000 }),
      (_, context) => {
        seen.push(context.attempt)
        return new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(new Error('stopped'))))
      },
      { drainMs: 50 },
    )
    await control('slow')
    await until('started', () => seen.length === 1)
    await loop.stop()
    expect(loop.state).toBe('stopped')
    await using _next = work(await quick({ ackWaitMs: 30_000 }), async (_, context) => void seen.push(context.attempt))
    await until('given to the next worker', () => seen.length === 2)
    expect(seen).toEqual([1, 2])
    expect(log.lines.find((line) => line.message === 'handled')).toMatchObject({ outcome: 'back' })
  })

  test('a handler that waits for what is away is not waited for', async () => {
    let attempts = 0
    const handler: AnyHandler = (_, context) => {
      attempts += 1
      return new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(new Error('stopped'))))
    }
    let away = false
    const loop = work(await quick({ ackWaitMs: 30_000 }), handler, { drainMs: 60_000, isStalled: () => away })
    await control('waits')
    await until('started', () => attempts === 1)
    const before = performance.now()
    const stopped = loop.stop()
    away = true
    await stopped
    expect(performance.now() - before).toBeLessThan(5000)
    await using _next = work(await quick({ ackWaitMs: 30_000 }), async () => {
      attempts += 1
    })
    await until('given to the next worker', () => attempts === 2)
  })
})

describe('outcomes', () => {
  test('an unknown error comes again after the backoff, and one that lasts ends as a dead letter (W4)', async () => {
    const before = (await operator.dead.list()).length
    await control('flaky')
    const attempts: number[] = []
    await using _loop = work(await quick({ maxDeliver: 3, backoffMs: [10, 20] }), async (_, context) => {
      attempts.push(context.attempt)
      throw new Error('no luck')
    })
    await until('dead letter', async () => (await operator.dead.list()).length > before)
    expect(attempts).toEqual([1, 2, 3])
    expect((await operator.dead.list()).at(-1)).toMatchObject({
      kind: 'terminated',
      reason: 'gave up after 3 deliveries: no luck',
      message: { id: `${runId}.flaky`, runId },
    })
  })

  test('a RetryError comes again after the time it names', async () => {
    await control('later')
    const at: number[] = []
    await using _loop = work(await quick(), async () => {
      at.push(performance.now())
      if (at.length === 1) throw new RetryError('not yet', 300)
    })
    await until('second delivery', () => at.length === 2)
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(250)
  })

  test('a TerminalError is never delivered again and becomes a dead letter with its reason (W4)', async () => {
    const before = (await operator.dead.list()).length
    await control('bad')
    let calls = 0
    await using _loop = work(await quick(), async () => {
      calls += 1
      throw new TerminalError('the task has no such skill')
    })
    await until('dead letter', async () => (await operator.dead.list()).length > before)
    expect((await operator.dead.list()).at(-1)).toMatchObject({ reason: 'the task has no such skill', deliveries: 1 })
    expect(calls).toBe(1)
  })

  test('one log line a message, without its payload', async () => {
    await control('lined')
    await using _loop = work(await quick(), async () => {})
    await until('handled', () => log.lines.some((line) => line.message === 'handled'))
    const line = log.lines.find((each) => each.message === 'handled')
    expect(line).toMatchObject({
      type: 'operator-command',
      run: runId,
      id: `${runId}.lined`,
      attempt: 1,
      outcome: 'done',
    })
    expect(line?.ms).toBeTypeOf('number')
    expect(JSON.stringify(log.lines)).not.toContain('pause')
  })
})

describe('W5 deterministic ids', () => {
  test('the same id is stored once and says so', async () => {
    const first = await control('same')
    const second = await control('same')
    expect(second).toEqual({ duplicate: true, seq: first.seq })
    const gateway = await server.open('gateway')
    const entries = await take(gateway.log({ runId, follow: false, signal: new AbortController().signal }), 5)
    expect(entries).toHaveLength(1)
    await using _loop = work(await quick(), async () => {})
    await until('drained', async () => (await info()).num_pending === 0)
  })

  test('the same id in another run is another message', async () => {
    const first = await control('same')
    const other = await control('same', `${runId}-b`)
    expect(other).toEqual({ duplicate: false, seq: first.seq + 1 })
    await using _loop = work(await quick(), async () => {})
    await until('drained', async () => (await info()).num_pending === 0)
  })
})
