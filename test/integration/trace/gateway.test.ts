import { request } from 'node:http'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { StoredEntry } from '../../../bus/mod.ts'
import { Batch } from '../../../schemas/messages/generation.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../../../trace/gateway.ts'
import { memoryLog, type TestServer, until, withServer } from '../../support/nats.ts'
import { createTracePublisher } from '../../support/publish-trace.ts'
import { traceLog } from '../../support/trace-log.ts'
import { openViewer } from '../../support/viewer.ts'

const token = 'a token of this test'
let server: TestServer
let publish: (entries: readonly StoredEntry[]) => Promise<void>
const gateways: Gateway[] = []

beforeAll(async () => {
  server = await withServer()
  publish = createTracePublisher(server)
})
afterAll(() => server[Symbol.asyncDispose]())
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close()
})

async function start(options: Partial<GatewayOptions> = {}) {
  const log = memoryLog()
  const bus = await server.open('gateway')
  const signal = new AbortController().signal
  const gateway = await startGateway({
    bus,
    port: 0,
    token,
    maxBacklog: 5000,
    runsEveryMs: 50,
    log,
    signal,
    ...options,
  })
  gateways.push(gateway)
  return { gateway, log }
}

function fetchRaw(gateway: Gateway, path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: gateway.port, path, headers, method }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text) => {
        body += text
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    sent.on('error', reject).end()
  })
}

/** Messages of about 22 kB that go out whole, so that few of them fill a socket. */
function bulk(runId: string, count: number): StoredEntry[] {
  const sample = traceLog({ runId }).find((entry) => entry.name === 'batch')!
  const payload = Batch.schema.parse(sample.payload)
  const wide = { ...payload.candidates[0]!, input: 'x'.repeat(1000), output: 'y'.repeat(1000) }
  return Array.from({ length: count }, (_, index) => ({
    ...sample,
    id: `${runId}.bulk:${index}`,
    cause: null,
    payload: { ...payload, shard: index, candidates: Array.from({ length: 10 }, () => wide) },
  }))
}

test('a viewer gets the run from its first message, then what comes, and so does a second one', async () => {
  const run = traceLog({ runId: 'follow', rows: 60 })
  await publish(run.slice(0, 40))
  const { gateway } = await start()
  const first = openViewer(gateway, { run: 'follow' })
  await first.caughtUp()
  expect(first.of('entry').map((frame) => frame.name)).toEqual(run.slice(0, 40).map((entry) => entry.name))
  await publish(run.slice(40, 60))
  const second = openViewer(gateway, { run: 'follow' })
  await until('both have all', () => first.seqs().length === 60 && second.seqs().length === 60)
  expect(second.seqs()).toEqual(first.seqs())
  expect(first.seqs()).toEqual([...first.seqs()].sort((a, b) => a - b))

  const frames = first.of('entry')
  const ids = new Map(frames.map((frame) => [frame.id, frame]))
  const caused = frames.filter((frame) => frame.cause !== null)
  expect(caused.length).toBeGreaterThan(50)
  for (const frame of caused) expect(ids.get(frame.cause!)?.seq).toBeLessThan(frame.seq)
})

test('a viewer that comes back with its place gets the rest only, and asks for content by number', async () => {
  const run = traceLog({ runId: 'resume', rows: 60 })
  await publish(run)
  const { gateway } = await start()
  const whole = openViewer(gateway, { run: 'resume' })
  await whole.caughtUp()
  const place = whole.seqs()[49]!
  const rest = openViewer(gateway, { run: 'resume', from: place + 1 })
  await rest.caughtUp()
  expect(rest.seqs()).toEqual(whole.seqs().slice(50))

  const report = whole.of('entry').find((frame) => frame.name === 'report')!
  expect(report.summarised).toBe(true)
  whole.socket.send(JSON.stringify({ type: 'content', seq: report.seq }))
  await until('content came', () => whole.of('content').length === 1)
  expect(whole.of('content')[0]!.payload).toEqual(run.find((entry) => entry.id === report.id)?.payload)
})

test('content of another run is not given out', async () => {
  await publish(traceLog({ runId: 'mine', rows: 60 }).slice(0, 3))
  await publish(traceLog({ runId: 'other', rows: 60 }).slice(0, 3))
  const { gateway } = await start()
  const viewer = openViewer(gateway, { run: 'mine' })
  const other = openViewer(gateway, { run: 'other' })
  await Promise.all([viewer.caughtUp(), other.caughtUp()])
  viewer.socket.send(JSON.stringify({ type: 'content', seq: other.seqs()[0]! }))
  await until('an answer came', () => viewer.of('content').length === 1)
  expect(viewer.of('content')[0]).toMatchObject({ payload: null, error: 'this run has no such message' })
})

test('a slow viewer is dropped, the others and the log go on, and it resumes where it was', async () => {
  const { gateway, log } = await start({ maxBacklog: 40 })
  await publish(bulk('slow', 1))
  const slow = openViewer(gateway, { run: 'slow' })
  const quick = openViewer(gateway, { run: 'slow' })
  await Promise.all([slow.caughtUp(), quick.caughtUp()])
  slow.socket.pause()
  const more = bulk('slow', 900).slice(1)
  await publish(more)
  await until('the slow viewer was dropped', () => log.lines.some((line) => line.message === 'slow viewer dropped'))
  slow.socket.resume()
  expect((await slow.closed).code).toBe(4008)
  await until('the quick one has all', () => quick.seqs().length === 900)
  expect(slow.seqs().length).toBeLessThan(900)
  const back = openViewer(gateway, { run: 'slow', from: slow.seqs().at(-1)! + 1 })
  await back.caughtUp()
  expect([...slow.seqs(), ...back.seqs()]).toEqual(quick.seqs())
}, 60_000)

test('a viewer that takes nothing during the replay is dropped after a bounded wait', async () => {
  await publish(bulk('stall', 900))
  const { gateway, log } = await start({ stallMs: 300 })
  const viewer = openViewer(gateway, { run: 'stall' })
  viewer.socket.once('upgrade', () => viewer.socket.pause())
  viewer.socket.once('open', () => viewer.socket.pause())
  await until('it was dropped', () => log.lines.some((line) => line.message === 'slow viewer dropped'))
  viewer.socket.terminate()
}, 60_000)

test('a wrong token, a foreign origin and a foreign host are refused', async () => {
  const { gateway } = await start()
  const own = `http://127.0.0.1:${gateway.port}`
  expect(await openViewer(gateway, { run: 'follow', token: 'wrong' }).refused).toBe(401)
  expect(await openViewer(gateway, { run: 'follow', token: '' }).refused).toBe(401)
  expect(await openViewer(gateway, { run: 'follow' }, { origin: 'http://evil.example' }).refused).toBe(403)
  expect(await openViewer(gateway, { run: 'follow' }, { host: 'evil.example' }).refused).toBe(403)
  expect(await openViewer(gateway, { run: 'BAD RUN' }).refused).toBe(400)
  expect(await openViewer(gateway, { run: 'follow', from: 0 }).refused).toBe(400)
  const welcome = openViewer(gateway, { run: 'follow' }, { origin: own })
  await welcome.caughtUp()
  expect((await fetchRaw(gateway, '/', { host: 'evil.example' })).status).toBe(403)
  expect((await fetchRaw(gateway, `/session?token=wrong`)).status).toBe(401)
  expect((await fetchRaw(gateway, `/session?token=${encodeURIComponent(token)}`)).status).toBe(204)
})

test('a frame that is not of the protocol ends the connection', async () => {
  const { gateway } = await start()
  for (const text of [
    '{"type":"publish"}',
    'nonsense',
    '{"type":"content","seq":-1}',
    '{"type":"content","seq":1,"x":2}',
  ]) {
    const viewer = openViewer(gateway, { run: 'follow' })
    await viewer.caughtUp()
    viewer.socket.send(text)
    expect((await viewer.closed).code).toBe(1008)
  }
})

/** Sends bytes as they are and gives the first line of what comes back; '' when the connection is closed without an answer. */
function firstLine(gateway: Gateway, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect(gateway.port, '127.0.0.1', () => socket.end(Buffer.from(text, 'latin1')))
  let answer = ''
  socket.on('data', (data) => {
    answer += data
  })
  socket.on('error', reject).on('close', () => resolve(answer.split('\r\n')[0] ?? ''))
  return promise
}

const oddTargets = [
  ...[
    '//',
    '///',
    '//?',
    '//#',
    '//:',
    '//@',
    '//a:99999/',
    '//[',
    '//[::1',
    '/\\',
    '/\\\\',
    '//%',
    '//%zz/',
    '//<',
    '//\xff/',
  ],
  ...['http://', 'http://[', 'http://a:b/', 'ws://', 'http://127.0.0.1/', '*', 'x', '//1.2.3.4.5/', '//0x100000000/'],
]
const upgrade =
  'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

test('G3: a target that is no address here is answered with 400, whoever asks, and the gateway goes on', async () => {
  const { gateway } = await start()
  const host = `host: 127.0.0.1:${gateway.port}\r\n`
  for (const target of oddTargets) {
    const name = JSON.stringify(target)
    for (const more of ['', upgrade]) {
      expect(await firstLine(gateway, `GET ${target} HTTP/1.1\r\n${host}${more}\r\n`), name).toMatch(/^HTTP\/1.1 400 /)
      const foreign = await firstLine(gateway, `GET ${target} HTTP/1.1\r\nhost: evil.example\r\n${more}\r\n`)
      expect(foreign, name).toMatch(/^HTTP\/1.1 400 /)
    }
    expect(await firstLine(gateway, `TRACE ${target} HTTP/1.1\r\n${host}\r\n`), name).toMatch(/^HTTP\/1.1 400 /)
  }
  expect((await fetchRaw(gateway, '/')).status).toBe(200)
})

test('the page is served with its policy, and nothing outside its folder', async () => {
  const { gateway } = await start()
  const page = await fetchRaw(gateway, '/')
  expect(page.status).toBe(200)
  expect(page.headers['content-security-policy']).toContain("default-src 'none'")
  expect(page.headers['referrer-policy']).toBe('no-referrer')
  expect((await fetchRaw(gateway, '/page.ts')).headers['content-type']).toContain('text/javascript')
  expect((await fetchRaw(gateway, '/', {}, 'POST')).status).toBe(405)
  for (const path of [
    '/../gateway.ts',
    '/..%2fgateway.ts',
    '/%2e%2e/gateway.ts',
    '//etc/passwd',
    '/web/../../package.json',
    '/.env',
    '/page.ts%00',
    '/nothing.js',
  ]) {
    expect((await fetchRaw(gateway, path)).status, path).toBe(404)
  }
})

test('whatever the page imports is served as JavaScript, and no type is left in it', async () => {
  const { gateway } = await start()
  const open = ['/page.ts']
  const served = new Set<string>()
  for (const path of open) {
    if (served.has(path)) continue
    const { status, headers, body } = await fetchRaw(gateway, path)
    expect([status, headers['content-type']], path).toEqual([200, 'text/javascript; charset=utf-8'])
    served.add(path)
    if (path.startsWith('/vendor/')) continue
    expect(body, path).not.toMatch(/^\s*(import|export) type /m)
    const names = [...body.matchAll(/^\s*(?:import|\} from|.* from) '([^']+)'/gm)].map(([, name]) => name!)
    open.push(...names.map((name) => new URL(name, `http://page${path}`).pathname))
  }
  for (const path of ['/plots/scores.ts', '/schemas/spent.ts', '/vendor/d3.js', '/vendor/plot.js'])
    expect(served).toContain(path)
})

test('each message comes with its description, cut where it is long', async () => {
  const run = traceLog({ runId: 'described', rows: 60 })
  const decision = run.find(({ name }) => name === 'decision')!
  const payload = { ...(decision.payload as object), diagnosis: 'w'.repeat(5000) }
  await publish([run[0]!, { ...decision, payload }])
  const { gateway } = await start()
  const viewer = openViewer(gateway, { run: 'described' })
  await viewer.caughtUp()
  const [first, second] = viewer.of('entry').map(({ description }) => description)
  expect(first).toEqual({ title: 'run described', text: '3 attempts of 60 rows, seed 7, setting scratch' })
  expect(second!.title).toBe('attempt 1 (draft)')
  expect(second!.text).toMatch(/^w{1200}… \(5000 characters\)$/)
})

test('a viewer is sent the troubles that a terminal shows: the agents that its run misses', async () => {
  await publish(traceLog({ runId: 'missing', rows: 60 }).slice(0, 2))
  const { gateway } = await start()
  const viewer = openViewer(gateway, { run: 'missing' })
  const other = openViewer(gateway, {})
  const planner = await server.open('planner')
  const announced = planner.announce()
  planner.troubles.set('a', { code: 'waits', text: 'waits for a teacher' })
  const seen = () => viewer.of('troubles').at(-1)?.troubles ?? []
  await until('the agents are missed', () => seen().length === 5, 30_000)
  expect(seen()[0]).toEqual({
    who: expect.stringMatching(/^planner planner-/),
    code: 'waits',
    text: 'waits for a teacher',
  })
  expect(seen().slice(1)).toEqual(
    ['generator "procedural"', 'critic "rules"', 'trainer-bridge "peft"', 'evaluator "scorer"'].map((who) => ({
      who,
      code: 'missing',
      text: 'is not there: what it has to do waits.',
      fix: expect.stringMatching(/^Start one: npx syllabus agent [a-z-]+ --variant \w+\.$/),
    })),
  )
  expect(other.of('troubles').at(-1)?.troubles).toEqual(seen().slice(0, 1))
  await (await announced)[Symbol.asyncDispose]()
}, 60_000)

test('runs are listed newest first, agents as they come and go', async () => {
  const { gateway } = await start()
  const viewer = openViewer(gateway, {})
  const presence = await server.open('generator')
  const announced = presence.announce()
  await publish(traceLog({ runId: 'newest', rows: 60 }).slice(0, 1))
  await until('the run is listed first', () => viewer.of('runs').at(-1)?.runs[0]?.runId === 'newest')
  const seen = () => viewer.of('presence').at(-1)?.agents ?? []
  await until('the generator is there', () => seen().some((agent) => agent.role === 'generator'))
  expect(Object.keys(seen()[0]!).sort()).toEqual([
    'handling',
    'instance',
    'lastMessageAt',
    'pid',
    'role',
    'startedAt',
    'variant',
    'waiting',
  ])
  await announced[Symbol.asyncDispose]()
  await until('the generator is gone', () => !seen().some((agent) => agent.role === 'generator'))
})

test('a port in use is an error, not a hang', async () => {
  const { gateway } = await start()
  await expect(start({ port: gateway.port })).rejects.toThrow('EADDRINUSE')
})

test('viewers and what waits for one are bounded, and a place that gets free is given to the next', async () => {
  const { gateway, log } = await start({ maxViewers: 2, maxBacklogBytes: 200_000 })
  await publish(bulk('bounded', 1))
  const session = `/session?token=${encodeURIComponent(token)}`
  const slow = openViewer(gateway, { run: 'bounded' })
  const other = openViewer(gateway, { run: 'bounded' })
  await Promise.all([slow.caughtUp(), other.caughtUp()])
  expect(await openViewer(gateway, { run: 'bounded' }).refused).toBe(503)
  expect((await fetchRaw(gateway, session)).status).toBe(503)

  // Far fewer frames than maxBacklog, but more bytes.
  slow.socket.pause()
  await publish(bulk('bounded', 900).slice(1))
  const dropped = () => log.lines.find((line) => line.message === 'slow viewer dropped')
  await until('the slow viewer was dropped', () => dropped() !== undefined)
  expect(dropped()!.bytes).toBeLessThan(400_000)
  slow.socket.resume()
  expect((await slow.closed).code).toBe(4008)
  await until('there is room', async () => (await fetchRaw(gateway, session)).status === 204)
  await openViewer(gateway, { run: 'bounded' }).caughtUp()
}, 60_000)

test('a peer that takes nothing of its answers is cut off', async () => {
  const { gateway } = await start({ stallMs: 200, maxConnections: 1 })
  const socket = connect(gateway.port, '127.0.0.1')
  socket.on('error', () => {}).pause()
  // All of them whole, so that none is waited for; together their answers are more than a connection holds.
  socket.write(`GET /timeline.js HTTP/1.1\r\nhost: 127.0.0.1:${gateway.port}\r\n\r\n`.repeat(1000))
  // Its connection is the only one there may be; what it was sent and did not read stays unread.
  const answer = () => fetchRaw(gateway, '/').catch(() => null)
  await until('another is answered', async () => (await answer())?.status === 200, 20_000)
  socket.destroy()
}, 60_000)

test('a viewer that asks for contents and takes none is dropped, and the rest of what it asked for is not read', async () => {
  await publish(bulk('greedy', 30))
  const { gateway, log } = await start({ stallMs: 300, maxBacklogBytes: 100_000 })
  const viewer = openViewer(gateway, { run: 'greedy' })
  await viewer.caughtUp()
  viewer.socket.pause()
  const seqs = viewer.seqs().slice(0, 6)
  const ask = () => {
    for (const seq of seqs) viewer.socket.send(JSON.stringify({ type: 'content', seq }))
  }
  const dropped = () => log.lines.some((line) => line.message === 'slow viewer dropped')
  await until('it was dropped', () => {
    if (!dropped()) ask()
    return dropped()
  })
  viewer.socket.terminate()
}, 60_000)

test('closing tells the viewers to come back, and leaves no listener', async () => {
  const { gateway } = await start()
  const viewer = openViewer(gateway, { run: 'follow' })
  await viewer.caughtUp()
  await gateway.close()
  expect((await viewer.closed).code).toBe(1012)
  const refused = await new Promise((resolve) => {
    connect(gateway.port, '127.0.0.1')
      .once('connect', () => resolve(false))
      .once('error', () => resolve(true))
  })
  expect(refused).toBe(true)
})

test('viewers go on when the server was killed and came back', async () => {
  const run = traceLog({ runId: 'killed', rows: 60 })
  await publish(run.slice(0, 10))
  const { gateway } = await start()
  const viewer = openViewer(gateway, { run: 'killed' })
  await viewer.caughtUp()
  await server.kill9()
  await server.restart()
  await publish(run.slice(10, 20))
  await until('the viewer has the rest', () => viewer.seqs().length === 20)
  expect(new Set(viewer.seqs()).size).toBe(20)
}, 60_000)
