import { createServer, type Server } from 'node:net'
import { errors } from 'nats'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { openKv } from '../../../bus/kv.ts'
import type { Link } from '../../../bus/link.ts'
import { BusAwayError, BusSetupError, connectBus, createTroubles } from '../../../bus/mod.ts'
import { logStreamOf } from '../../../bus/subjects.ts'
import { BusLimits } from '../../../schemas/bus-limits.ts'
import { registry } from '../../../schemas/registry.ts'
import { type TestCluster, withCluster } from '../../support/cluster.ts'
import { operatorLink } from '../../support/doors.ts'
import { memoryLog, type TestServer, until, withServer } from '../../support/nats.ts'
import { plannerHandlers } from '../../support/planner-handlers.ts'

let server: TestServer
beforeAll(async () => {
  server = await withServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const log = memoryLog()
const hasty = BusLimits.parse({ requestMs: 200, awayMs: 4000 })

function operator(more: Partial<Parameters<typeof connectBus>[0]> = {}) {
  const who = { role: 'operator', variant: 'cli', instance: 'test' } as const
  return connectBus({ servers: server.url, credentials: server.credentials.operator, ...who, log, ...more })
}
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  )

/** A link whose server answers a write once with silence, although it was stored. */
async function forgetfulLink(): Promise<Link & { lost: number }> {
  const link = await operatorLink(server, log)
  const forgetful = { ...link, lost: 1 }
  const publish: Link['js']['publish'] = async (...args) => {
    const ack = await link.js.publish(...args)
    if (forgetful.lost-- > 0) throw new errors.TimeoutError()
    return ack
  }
  forgetful.js = Object.assign(Object.create(link.js), { publish })
  return forgetful
}

test('a write whose answer was lost is repeated and is nobody else’s: create, update, create over a removal', async () => {
  const link = await forgetfulLink()
  const runs = openKv(link, 'runs', z.number(), { signal: new AbortController().signal })
  const first = await runs.create('lost', 1)
  expect(first).toBeTypeOf('number')
  link.lost = 1
  const second = await runs.update('lost', 2, Number(first))
  expect(second).toBe(Number(first) + 1)
  await runs.delete('lost')
  link.lost = 1
  expect(await runs.create('lost', 3)).toBeTypeOf('number')
  expect((await runs.get('lost'))?.value).toBe(3)
  // A conflict with another's write stays one.
  link.lost = 1
  expect(await runs.update('lost', 4, Number(second))).toBe('conflict')
  await link.nc.close()
})

test('a server that was never there is reported at once; one that answered before is waited for by name, and comes back', async () => {
  await server.kill9()
  const unknown = await failure(operator({ limits: hasty }))
  expect(unknown).toBeInstanceOf(BusSetupError)
  const troubles = createTroubles()
  const seen: string[] = []
  troubles.onChange(() => seen.push(troubles.now.map(({ code, text }) => `${code}: ${text}`).join()))
  const limits = BusLimits.parse({ requestMs: 500 })
  const finalEvalNumber = operator({ isKnown: true, troubles, limits })
  await until('it is reported', () => seen.length > 0)
  expect(seen[0]).toMatch(/^server-away: waits for an answer of the NATS server \(nats:\/\/127[^,]*\), for 60 s/)
  await server.restart()
  await using bus = await finalEvalNumber
  await until('all of it is over', () => troubles.now.length === 0)
  expect(await bus.runs()).toEqual([])
})

test('after awayMs the error says what, where and what helps; what waits meanwhile is a trouble, and its end ends it', async () => {
  const troubles = createTroubles()
  await using bus = await operator({ limits: hasty, troubles })
  await server.kill9()
  const requests: Record<string, () => Promise<unknown>> = {
    publish: () =>
      bus.publish(registry['operator-command'], { runId: 'away', variant: 'rules', id: 'a' }, { action: 'pause' }),
    'kv put': () => bus.kv('runs', z.number()).put('away', 1),
    'kv get': () => bus.kv('runs', z.number()).get('away'),
    'kv keys': () => bus.kv('runs', z.number()).keys(),
    objects: () => bus.objects.putJson('LAB', 'away/x', { a: 1 }),
    runs: () => bus.runs(),
    waiting: () => bus.waiting(registry.shard, 'procedural'),
    dead: () => bus.dead.list(),
    log: () => Array.fromAsync(bus.log({ follow: false, signal: new AbortController().signal })),
    topology: () => bus.ensureTopology({ logMaxBytes: 2 ** 26, logMaxAgeMs: 3_600_000, objectsMaxBytes: 2 ** 28 }),
    purge: () => bus.purgeRun('away', { force: true }),
  }
  const failed = Promise.all(Object.values(requests).map((request) => failure(request())))
  await until('the wait is a trouble', () => troubles.now.some(({ code }) => code === 'server-away'))
  for (const [index, error] of (await failed).entries()) {
    const name = Object.keys(requests)[index]
    expect(error, name).toBeInstanceOf(BusAwayError)
    const { message, fix } = error as BusAwayError
    expect(message, name).toMatch(
      /^The NATS server has not answered about .* for 4 s \(nats:\/\/127.*, account \w+\): /,
    )
    expect(fix, name).toMatch(/Start it again.*bus\.awayMs/)
  }
  await server.restart()
  await until('it answers', async () => (await failure(bus.runs())) === 'no error')
  await until('nothing keeps it from its work', () => troubles.now.length === 0)
}, 60_000)

test('a watch outlasts a server that is away for longer than awayMs', async () => {
  await using bus = await operator({ limits: hasty })
  const runs = bus.kv('runs', z.number())
  const stop = new AbortController()
  const seen: unknown[] = []
  const watching = (async () => {
    for await (const { value } of runs.watch(stop.signal)) seen.push(value)
  })()
  await runs.put('watched', 1)
  await until('the first value', () => seen.includes(1))
  await server.kill9()
  // Longer than awayMs: a request of its own gives up.
  expect(await failure(runs.get('watched'))).toBeInstanceOf(BusAwayError)
  // Whoever ends a watch meanwhile does not wait for an answer.
  const ended = new AbortController()
  const other = Array.fromAsync(runs.watch(ended.signal))
  const endedAt = performance.now()
  ended.abort()
  expect(await other).toEqual([])
  expect(performance.now() - endedAt).toBeLessThan(hasty.awayMs / 2)
  await server.restart()
  await until('it can be written', async () => (await failure(runs.put('watched', 2))) === 'no error')
  await until('the change is seen', () => seen.includes(2))
  stop.abort()
  await watching
}, 60_000)

const listeners: readonly [string, (server: Server) => void, RegExp][] = [
  ['says nothing', () => {}, /takes connections and says nothing/],
  [
    'speaks another protocol',
    (own) => own.on('connection', (socket) => void socket.on('error', () => {}).write('SSH-2.0-x\r\n')),
    /it says "SSH-2.0-x/,
  ],
  [
    'speaks HTTP',
    (own) =>
      own.on('connection', (socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
    /it is an HTTP server, and says "HTTP\/1.1 400 Bad Request"/,
  ],
  [
    'answers a question alone',
    (own) => own.on('connection', (socket) => void socket.once('data', () => socket.write('+PONG\r\n'))),
    /it says "\+PONG"/,
  ],
  [
    'speaks TLS',
    (own) =>
      own.on(
        'connection',
        (socket) => void socket.once('data', () => socket.write('\x15\x03\x01\x00\x02\x02F', 'latin1')),
      ),
    /it speaks TLS at once/,
  ],
  [
    'greets with no JSON',
    (own) => own.on('connection', (socket) => void socket.on('error', () => {}).write('INFO {no json}\r\n')),
    /it says "INFO \{no json\}"/,
  ],
  [
    'says more and more',
    (own) =>
      own.on('connection', (socket) => {
        const more = setInterval(() => socket.write('x'.repeat(5000)), 20)
        socket.on('error', () => {}).on('close', () => clearInterval(more))
      }),
    /it says "x{40}"/,
  ],
  ['closes at once', (own) => own.on('connection', (socket) => void socket.destroy()), /closes the connection at once/],
  [
    'closes once it is spoken to',
    (own) => own.on('connection', (socket) => void socket.once('data', () => socket.end())),
    /says nothing, and closes the connection once it is spoken to/,
  ],
  ['greets with null', greeting('INFO null\r\n'), /it says "INFO null"/],
  ['greets with a list', greeting('INFO []\r\n'), /it says "INFO \[\]"/],
  ['greets with an empty object', greeting('INFO {}\r\n'), /its greeting has no version as NATS servers have it/],
  ['has a version of words', greeting(info({ version: 'banana' })), /its greeting has no version/],
  [
    'has no size of messages',
    greeting(info({ max_payload: 'much' }), 'PONG\r\n'),
    /its greeting has no max_payload as NATS servers have it/,
  ],
  [
    'greets by half',
    (own) => own.on('connection', (socket) => void socket.end('INFO {"ver')),
    /it says "INFO {\\"ver" and/,
  ],
  ['greets and says something else', greeting(info(), 'lorem\r\n'), /it greets as one, and then it says "lorem"/],
  ['greets and speaks HTTP', greeting(info(), 'HTTP/1.1 400 Bad Request\r\n'), /and then it is an HTTP server/],
  [
    'greets and goes on with bytes',
    greeting(`${info()}\u0000\u0001\r\n`),
    /it greets as one, and then it says "\\u0000/,
  ],
  ['greets and sends what nobody asked for', greeting(info(), 'PONG\r\nMSG a 1 9999999\r\n'), /then it says "MSG a 1/],
  ['greets again without JSON', greeting(info(), 'PONG\r\nINFO {broken\r\n'), /and then it says "INFO {broken"/],
  ['is for clusters', greeting(info(), "-ERR 'attempted to connect to route port'\r\n"), /refuses .*to route port/],
  ['is full', greeting(info(), "-ERR 'maximum connections exceeded'\r\n"), /refuses .*maximum connections/],
  ['wants a certificate', greeting(info({ tls_required: true, tls_verify: true }), ''), /a certificate of the client/],
  ['answers for JetStream with no JSON', answering('hello'), /what answers for JetStream .* it says "hello"/i],
  ['answers for JetStream with other JSON', answering('{"memory":"x"}'), /what answers for JetStream .* it says "{/i],
]

/** The greeting of a NATS server, with these fields. */
function info(fields: object = {}): string {
  const usual = { server_id: 'x', version: '2.15.1', proto: 1, headers: true, max_payload: 1_048_576 }
  return `INFO ${JSON.stringify({ ...usual, ...fields })}\r\n`
}

/** Sends the one at once, and the other in answer to all that comes; nothing: it closes the connection. */
function greeting(first: string, then?: string): (own: Server) => void {
  return (own) =>
    void own.on('connection', (socket) => {
      socket.on('error', () => {}).write(first, 'latin1')
      socket.on('data', () => (then === '' ? socket.end() : then && socket.write(then)))
    })
}

/** Greets with JetStream, and gives one answer to what is asked about it. */
function answering(answer: string): (own: Server) => void {
  return (own) =>
    void own.on('connection', (socket) => {
      socket.on('error', () => {}).write(info({ jetstream: true }))
      socket.on('data', (data) => {
        const text = data.toString('latin1')
        if (text.includes('PING')) socket.write('PONG\r\n')
        const [, inbox] = /PUB \$JS\.API\.INFO (\S+)/.exec(text) ?? []
        if (inbox) socket.write(`MSG ${inbox} 1 ${answer.length}\r\n${answer}\r\n`)
      })
    })
}

test.each(listeners)('what listens and %s is no NATS server, and the error says so', async (_, prepare, what) => {
  const own = createServer()
  prepare(own)
  await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve))
  const address = own.address()
  const port = typeof address === 'object' && address ? address.port : 0
  try {
    const since = performance.now()
    const error = await failure(operator({ servers: `nats://127.0.0.1:${port}` }))
    // Long before the client gives up (requestMs).
    expect(performance.now() - since).toBeLessThan(4000)
    expect(error).toBeInstanceOf(BusSetupError)
    expect((error as BusSetupError).what).toMatch(what)
  } finally {
    own.close()
  }
})

test('the death of the node that holds the log ends nothing: publishers, workers, readers and values go on', async () => {
  await using cluster: TestCluster = await withCluster()
  const [sender, planner, gateway] = [
    await cluster.open('operator', 'cli'),
    await cluster.open('planner', 'rules'),
    await cluster.open('gateway', 'ws'),
  ]
  const stop = new AbortController()
  const [handled, read]: [string[], string[]] = [[], []]
  const control = async (_: unknown, { id }: { id: string }) => void handled.push(id)
  const { signal } = stop
  const loop = planner.work(plannerHandlers({ 'operator-command': control }), {
    role: 'planner',
    variant: 'rules',
    slots: 1,
    signal,
  })
  const reading = (async () => {
    for await (const { id } of gateway.log({ runId: 'node', follow: true, signal })) read.push(id)
  })()
  const send = (n: number) =>
    sender.publish(registry['operator-command'], { runId: 'node', variant: 'rules', id: `m${n}` }, { action: 'pause' })
  for (let n = 0; n < 5; n++) await send(n)
  await until('5 are handled', () => handled.length === 5)
  const node = await cluster.leaderOf(logStreamOf.LAB)
  await cluster.kill9(node)
  const sent = [5, 6, 7, 8, 9].map(send)
  await until('the sender reports it', () => sender.troubles.now.some(({ code }) => code === 'server-away'), 30_000)
  await cluster.start(node)
  await Promise.all(sent)
  const expected = Array.from({ length: 10 }, (_, n) => `node.m${n}`)
  await until('all are handled and read', () => new Set(handled).size === 10 && read.length >= 10, 60_000)
  await until('nobody reports it', () => [sender, planner, gateway].every(({ troubles }) => troubles.now.length === 0))
  stop.abort()
  await Promise.all([loop.done, reading])
  expect([...read].sort()).toEqual(expected)
  expect([...new Set(handled)].sort()).toEqual(expected)
}, 120_000)
