import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { hostilePeer } from '../../support/hostile-peer.ts'
import { type TestServer, until, withServer } from '../../support/nats.ts'
import { createTracePublisher } from '../../support/publish-trace.ts'
import { traceLog } from '../../support/trace-log.ts'
import { openViewer } from '../../support/viewer.ts'

/** Requests, and as many frames: a hundred thousand together, unless more are asked for. */
const each = Number(process.env.SYLLABUS_FUZZ_COUNT ?? 100_000) / 2
const seed = Number(process.env.SYLLABUS_FUZZ_SEED ?? 12)
const token = 'a token of this test'
const run = 'fuzzed'
vi.setConfig({ testTimeout: 300_000 * Math.max(1, each / 50_000) })
const program = fileURLToPath(new URL('../../support/gateway-process.ts', import.meta.url))

type Measured = { heapBytes: number; descriptors: number; refusals: number }

let server: TestServer
let child: ChildProcess
let port: number
let ended: string | null = null
beforeAll(async () => {
  server = await withServer()
  await createTracePublisher(server)(traceLog({ runId: run, rows: 60 }).slice(0, 20))
  child = fork(program, { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let printed = ''
  child.stderr!.on('data', (text) => {
    printed += text
  })
  child.once('close', (code, signal) => {
    ended = `the gateway's process ended with ${signal ?? code}: ${printed.slice(0, 2000)}`
  })
  const gateway = { token, requestMs: 1000, maxViewers: 48, maxConnections: 128, pingEveryMs: 500 }
  child.send({ servers: server.url, credentials: server.credentials.gateway, gateway })
  ;[{ port }] = (await once(child, 'message')) as [{ port: number }]
})
afterAll(async () => {
  child?.kill('SIGKILL')
  await server?.[Symbol.asyncDispose]()
})

async function measure(): Promise<Measured> {
  child.send({})
  const [measured] = (await once(child, 'message')) as [Measured]
  return measured
}

/** Sends bytes in two pieces over a connection of their own; gives what came back once it is closed. */
function send(bytes: Buffer, cutAt: number, leave: 'end' | 'destroy'): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const answers: Buffer[] = []
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(bytes.subarray(0, cutAt))
    socket.write(bytes.subarray(cutAt), () => socket[leave]())
  })
  socket.setTimeout(3000, () => socket.destroy())
  socket.on('data', (data: Buffer) => answers.push(data)).on('error', () => {})
  socket.on('close', () => resolve(Buffer.concat(answers)))
  return promise
}

/** Does `count` pieces of work, at most `lanes` at the same time. */
async function inLanes(lanes: number, count: number, work: () => Promise<number>): Promise<void> {
  let done = 0
  const lane = async () => {
    while (done < count && !ended) {
      const more = await work()
      done += more
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

async function expectServing(): Promise<void> {
  expect(ended).toBeNull()
  const own = `http://127.0.0.1:${port}`
  expect((await fetch(`${own}/`)).status).toBe(200)
  expect((await fetch(`${own}/session?token=${encodeURIComponent(token)}`)).status).toBe(204)
  expect((await fetch(`${own}/session?token=wrong`)).status).toBe(401)
  const viewer = openViewer({ url: `${own}/?token=${encodeURIComponent(token)}` }, { run })
  await viewer.caughtUp()
  expect(viewer.seqs()).toHaveLength(20)
  viewer.socket.close()
  await viewer.closed
}

describe('G3: nothing that a peer sends ends the gateway, or makes it grow', () => {
  let before: Measured
  const lanes = 24

  test(`${each} requests, with and without the token`, async () => {
    const peer = hostilePeer(seed, { port, token, run })
    const statuses = new Map<string, number>()
    const work = async () => {
      const requests = [...Array.from({ length: peer.int(0, 20) }, () => peer.request()), peer.lastRequest()]
      const bytes = Buffer.concat(requests)
      const answer = await send(bytes, peer.int(0, bytes.length), peer.chance(80) ? 'end' : 'destroy')
      const given = [...answer.toString('latin1').matchAll(/HTTP\/1\.1 (\d\d\d) /g)].map(([, status]) => status!)
      for (const status of given) statuses.set(status, (statuses.get(status) ?? 0) + 1)
      // Those behind one that ended the connection do not count.
      return Math.max(1, given.length)
    }
    await inLanes(lanes, each / 5, work)
    await expectServing()
    before = await measure()
    await inLanes(lanes, (4 * each) / 5, work)
    await expectServing()
    // Every kind of answer was given, and none of them is a fault of the server.
    for (const status of ['101', '200', '400', '401', '403', '404', '405'])
      expect(statuses.get(status), status).toBeGreaterThan(10)
    expect([...statuses.keys()].filter((status) => status.startsWith('5') && status !== '503')).toEqual([])
    console.info(
      `answers: ${[...statuses]
        .sort()
        .map(([status, count]) => `${count} times ${status}`)
        .join(', ')}`,
    )
  })

  test(`${each} frames of viewers that were let in`, async () => {
    const peer = hostilePeer(seed + 1, { port, token, run })
    const work = async () => {
      const frames = Array.from({ length: peer.int(1, 60) }, () => peer.frame(peer.chance(3)))
      frames.push(...Array.from({ length: peer.int(0, 3) }, () => peer.frame(true)))
      const bytes = Buffer.concat([peer.upgrade(peer.chance(5)), ...frames])
      await send(bytes, peer.int(0, bytes.length), peer.chance(80) ? 'end' : 'destroy')
      return frames.length
    }
    await inLanes(lanes, each, work)
    await expectServing()
  })

  test('peers that send half of something and then nothing are cut off, however many come', async () => {
    const peer = hostilePeer(seed + 2, { port, token, run })
    const upgrade = peer.upgrade(false)
    const halves = [
      '',
      'G',
      'GET / HTTP/1.1\r\nhost: ',
      `GET / HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-length: 9\r\n\r\nhalf`,
    ]
    const starts = [...halves.map((text) => Buffer.from(text)), upgrade, Buffer.concat([upgrade, Buffer.from([0x81])])]
    const closed = Array.from({ length: 300 }, (_, index) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(starts[index % starts.length]!))
      // A viewer that answers no ping; the others are closed when the time for a request is over, or for want of room: some by a reset.
      socket.on('data', () => {}).on('error', () => {})
      return new Promise((resolve) => socket.once('close', resolve))
    })
    await Promise.all(closed)
    await expectServing()
  })

  test('afterwards memory and descriptors are as few as before, and the log is short', async () => {
    await until('all connections are gone', async () => (await measure()).descriptors <= before.descriptors + 2)
    // What the bus client keeps of a question goes when its time is over.
    const isSmall = async () => (await measure()).heapBytes < before.heapBytes + 8e6
    await until('memory is back', isSmall, 20_000)
    const { heapBytes, refusals } = await measure()
    console.info(
      `heap ${(before.heapBytes / 1e6).toFixed(1)} -> ${(heapBytes / 1e6).toFixed(1)} MB, ${refusals} lines of refusals`,
    )
    expect(refusals).toBeLessThan(20)
  })
})
