import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, nanos } from 'nats'
import { afterEach, expect, test } from 'vitest'
import {
  BusSetupError,
  connectBus,
  credentialsFromUrl,
  holdStorage,
  readCredentials,
  startServer,
} from '../../../bus/mod.ts'
import { durableName, layout, logStreamOf } from '../../../bus/subjects.ts'
import { registry } from '../../../schemas/registry.ts'
import { isAlive } from '../../support/alive.ts'
import { syllabus } from '../../support/command.ts'
import { operatorLink } from '../../support/doors.ts'
import { memoryLog, natsBinary, take, until, withServer } from '../../support/nats.ts'

const log = memoryLog()
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const folder = async () => {
  const path = await mkdtemp(join(tmpdir(), 'syllabus-setup-'))
  cleanups.push(() => rm(path, { recursive: true, force: true }))
  return path
}
const fault = async (promise: Promise<unknown>): Promise<BusSetupError> => {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof BusSetupError)) throw new Error(`expected a BusSetupError, got ${error}`)
  for (const part of [error.what, error.where, error.fix]) expect(part).not.toBe('')
  return error
}
async function occupied(): Promise<{ port: number; server: Server }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => server.close())
  const address = server.address()
  if (!address || typeof address === 'string') throw new Error('no port')
  return { port: address.port, server }
}
/** A nats-server as somebody else would run it: one account, no permissions. */
async function foreignServer(...args: string[]): Promise<string> {
  const { port, server } = await occupied()
  server.close()
  const child: ChildProcess = spawn(await natsBinary(), ['-a', '127.0.0.1', '-p', String(port), ...args], {
    stdio: 'ignore',
  })
  cleanups.push(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  return `127.0.0.1:${port}`
}
const connectTo = (url: string) => {
  const { servers, credentials } = credentialsFromUrl(url)
  const who = { role: 'operator', variant: 'cli', instance: 'test' } as const
  return connectBus({ servers, credentials: credentials.operator, ...who, log })
}

test('no server there', async () => {
  const { port, server } = await occupied()
  server.close()
  expect((await fault(connectTo(`nats://127.0.0.1:${port}`))).what).toMatch(/No NATS server answers/)
})

test('a wrong password', async () => {
  await using server = await withServer({ topology: false })
  const url = server.url.replace('//', '//operator-lab:wrong@')
  const error = await fault(connectTo(url))
  expect(error.what).toContain('refuses the user "operator-lab"')
  expect(`${error.message}${error.where}`).not.toContain('wrong')
})

test('a server without JetStream', async () => {
  const url = await foreignServer()
  await until('up', () =>
    connectTo(url).then(
      () => false,
      (error: Error) => !/No NATS server/.test(error.message),
    ),
  )
  expect((await fault(connectTo(url))).what).toMatch(/no JetStream for account LAB/)
})

async function held(path: string) {
  const storage = await holdStorage(path)
  cleanups.push(() => storage[Symbol.asyncDispose]())
  return storage
}

test('a port in use, storage that cannot be written, a binary that is not there', async () => {
  const binary = await natsBinary()
  const storeDir = await folder()
  const credentialsFile = join(storeDir, 'credentials.json')
  const storage = await held(storeDir)
  const { port } = await occupied()
  expect((await fault(startServer({ binary, storage, port, credentialsFile, log }))).what).toBe(
    `Port ${port} is in use`,
  )
  const file = join(storeDir, 'a-file')
  await writeFile(file, '')
  await expect(holdStorage(join(file, 'store'))).rejects.toMatchObject({
    message: expect.stringContaining(`${join(file, 'store')} cannot be written: a file, or a link that leads nowhere`),
    fix: expect.stringContaining('SYLLABUS_HOME'),
  })
  const missing = startServer({ binary: '/no/such/nats-server', storage, credentialsFile, log })
  expect((await fault(missing)).what).toMatch(/ENOENT/)
})

test('passwords and port are kept over a restart, in files that only their owner reads', async () => {
  const binary = await natsBinary()
  const storeDir = await folder()
  const storage = await held(storeDir)
  const options = { binary, storage, credentialsFile: join(storeDir, 'credentials.json'), log }
  const first = await startServer(options)
  await first.stop()
  expect(isAlive(first.pid)).toBe(false)
  const second = await startServer(options)
  expect([second.url, second.credentials]).toEqual([first.url, first.credentials])
  expect(readCredentials(options.credentialsFile).credentials).toEqual(first.credentials)
  for (const name of ['credentials.json', 'nats-server.conf', 'server.json', 'server.lock'])
    expect((await stat(join(storeDir, name))).mode & 0o077, name).toBe(0)
  await second.stop()
  expect(isAlive(second.pid)).toBe(false)
})

test('of a storage that is held nobody starts a second server, and it is free again with its holder', async () => {
  const storeDir = await folder()
  {
    await using _held = await holdStorage(storeDir)
    const refused = await fault(holdStorage(storeDir, { waitMs: 0 }))
    expect(refused.message).toContain(`in use by process ${process.pid} on ${hostname()} (${storeDir})`)
    expect(refused.fix).toContain('SYLLABUS_HOME')
  }
  await using _again = await holdStorage(storeDir, { waitMs: 0 })
})

test.each(['', '{"planner": {"LAB": {"us', '\0'.repeat(64), '{"planner": 1}'])(
  'a file of credentials that holds %j is named and made again; the streams stay',
  async (damaged) => {
    const binary = await natsBinary()
    const storeDir = await folder()
    const storage = await held(storeDir)
    const reported: string[] = []
    const options = { binary, storage, credentialsFile: join(storeDir, 'credentials.json'), log }
    const first = await startServer(options)
    const who = { role: 'operator', variant: 'cli', instance: 'test', log } as const
    {
      await using bus = await connectBus({ servers: first.url, credentials: first.credentials.operator, ...who })
      await bus.ensureTopology({ logMaxBytes: 2 ** 20, logMaxAgeMs: 3600_000, objectsMaxBytes: 2 ** 22 })
      await bus.publish(registry['operator-command'], { runId: 'kept', variant: 'rules', id: 'a' }, { action: 'pause' })
    }
    await first.stop()
    await writeFile(options.credentialsFile, damaged)
    const second = await startServer({ ...options, notify: (line) => reported.push(line) })
    cleanups.push(() => second.stop())
    expect(reported).toEqual([expect.stringContaining(options.credentialsFile)])
    expect(reported[0]).toMatch(/made again/)
    await using bus = await connectBus({ servers: second.url, credentials: second.credentials.operator, ...who })
    expect(await bus.runs()).toEqual(['kept'])
  },
)

/** A server with JetStream and one account for everybody, once it answers. */
async function serverOfOthers(): Promise<string> {
  const url = await foreignServer('-js', '-sd', await folder())
  await until('up', () =>
    connectTo(url).then(
      (bus) => bus[Symbol.asyncDispose]().then(() => true),
      () => false,
    ),
  )
  return url
}

test('a foreign server with one account carries everything, and says that nothing is sealed', async () => {
  const url = await serverOfOthers()
  await using bus = await connectTo(url)
  expect(bus.sealed).toBe(false)
  const limits = { logMaxBytes: 2 ** 20, logMaxAgeMs: 3600_000, objectsMaxBytes: 2 ** 22 }
  await bus.ensureTopology(limits)
  await bus.ensureTopology(limits)
  await bus.publish(registry['operator-command'], { runId: 'one', variant: 'rules', id: 'a' }, { action: 'pause' })
  for (const account of ['LAB', 'EXAM', 'VAULT'] as const) {
    const ref = await bus.objects.putJson(account, 'one/x', { account })
    expect(new TextDecoder().decode(await bus.objects.get(ref))).toContain(account)
  }
  expect(await bus.runs()).toEqual(['one'])
})

test('runs of another layout are refused in one sentence; a bus without runs takes this one', async () => {
  await using server = await withServer()
  const link = await operatorLink(server, log)
  cleanups.push(() => link.nc.close())
  const stream = logStreamOf.LAB
  const setLayout = async (version?: string) => {
    const { config } = await link.jsm.streams.info(stream)
    await link.jsm.streams.update(stream, { ...config, metadata: version ? { [layout.key]: version } : {} })
  }
  const limits = { logMaxBytes: 2 ** 20, logMaxAgeMs: 3600_000, objectsMaxBytes: 2 ** 22 }
  const operator = await server.open('operator')
  await setLayout()
  await operator.ensureTopology(limits)
  expect((await link.jsm.streams.info(stream)).config.metadata).toMatchObject({ [layout.key]: `${layout.version}` })
  const to = { runId: 'earlier', variant: 'rules', id: 'a' }
  await operator.publish(registry['operator-command'], to, { action: 'pause' })
  await operator.ensureTopology(limits)
  for (const [version, age] of [
    [undefined, 'an earlier'],
    ['99', 'a later'],
  ] as const) {
    await setLayout(version)
    for (const keep of [false, true]) {
      const { message } = await fault(operator.ensureTopology({ ...limits, keep }))
      expect(message).toMatch(`made by ${age} version of Syllabus`)
      expect(message).toMatch('set SYLLABUS_HOME to another folder')
    }
  }
})

test('a full log makes publishing wait and drops nothing', async () => {
  await using server = await withServer({ logMaxBytes: 64 * 1024 })
  const operator = await server.open('operator')
  const pauses: boolean[] = []
  await using sender = await connectBus({
    servers: server.url,
    credentials: server.credentials.operator,
    role: 'operator',
    variant: 'cli',
    instance: 'sender',
    log,
    onPaused: (paused) => pauses.push(paused),
  })
  const reason = 'x'.repeat(8000)
  const send = (runId: string, n: number) =>
    sender.publish(registry['operator-command'], { runId, variant: 'rules', id: `m${n}` }, { action: 'pause', reason })
  let sent = 0
  const sending = (async () => {
    for (let n = 0; n < 12; n++) {
      await send(n < 6 ? 'old' : 'new', n)
      sent += 1
    }
  })()
  await until('paused', () => pauses.length === 1)
  const before = sent
  expect(before).toBeLessThan(12)
  expect(before).toBeGreaterThan(5)
  await operator.purgeRun('old')
  await sending
  expect(pauses).toEqual([true, false])
  const kept = await take(operator.log({ follow: false, signal: new AbortController().signal }), 99)
  expect(kept.map((entry) => entry.id)).toEqual(Array.from({ length: 6 }, (_, n) => `new.m${n + 6}`))
})

test('another topology on the same storage changes the delivery of what is there', async () => {
  await using server = await withServer()
  const operator = await server.open('operator')
  const limits = { logMaxBytes: 64 * 1024 ** 2, logMaxAgeMs: 24 * 3600_000, objectsMaxBytes: 256 * 1024 ** 2 }
  await operator.ensureTopology({ ...limits, delivery: { shard: { ackWaitMs: 4321, maxDeliver: 2 } } })
  const link = await operatorLink(server, memoryLog())
  cleanups.push(() => link.nc.close())
  const durable = durableName(registry.shard, 'procedural')
  const changed = await link.jsm.consumers.info(logStreamOf.LAB, durable)
  expect(changed.config).toMatchObject({ ack_wait: nanos(4321), max_deliver: 2 })
})

test('what keeps a bus makes what is missing and changes nothing else', async () => {
  await using server = await withServer()
  const operator = await server.open('operator')
  const link = await operatorLink(server, memoryLog())
  cleanups.push(() => link.nc.close())
  const own = { logMaxBytes: 48 * 1024 ** 2, logMaxAgeMs: 3600_000, objectsMaxBytes: 96 * 1024 ** 2 }
  await operator.ensureTopology({ ...own, delivery: { shard: { ackWaitMs: 4321, maxDeliver: 2 } } })
  const durable = durableName(registry.shard, 'procedural')
  const missing = durableName(registry.batch, 'rules')
  await link.jsm.consumers.delete(logStreamOf.LAB, missing)
  const other = { logMaxBytes: 2 * own.logMaxBytes, logMaxAgeMs: 7200_000, objectsMaxBytes: 2 * own.objectsMaxBytes }
  const look = async () => ({
    bytes: (await link.jsm.streams.info(logStreamOf.LAB)).config.max_bytes,
    ackWait: (await link.jsm.consumers.info(logStreamOf.LAB, durable)).config.ack_wait,
    batch: (await link.jsm.consumers.info(logStreamOf.LAB, missing)).name,
  })
  await operator.ensureTopology({ ...other, keep: true })
  expect(await look()).toEqual({ bytes: own.logMaxBytes, ackWait: nanos(4321), batch: missing })
  await operator.ensureTopology(other)
  expect(await look()).toEqual({ bytes: other.logMaxBytes, ackWait: nanos(30_000), batch: missing })
})

test('a stream that is as it is wanted is not written anew; one that differs is', async () => {
  const url = await serverOfOthers()
  await using bus = await connectTo(url)
  const limits = { logMaxBytes: 2 ** 22, logMaxAgeMs: 3600_000, objectsMaxBytes: 2 ** 23 }
  await bus.ensureTopology(limits)
  const manager = await connect({ servers: url })
  cleanups.push(() => manager.close())
  const updated: string[] = []
  manager.subscribe('$JS.EVENT.ADVISORY.STREAM.UPDATED.>', {
    callback: (_, { subject }) => void updated.push(subject.split('.').at(-1)!),
  })
  await manager.flush()
  await bus.ensureTopology(limits)
  await bus.ensureTopology({ ...limits, logMaxAgeMs: 7200_000 })
  await until('they are updated', () => updated.length >= 4)
  expect(updated.sort()).toEqual(['DEAD', 'DEAD_EXAM', 'EXAM', 'RUN'])
})

test('a command on a server of others leaves its limits as they are', async () => {
  const url = await serverOfOthers()
  await using bus = await connectTo(url)
  await bus.ensureTopology({ logMaxBytes: 2 ** 22, logMaxAgeMs: 3600_000, objectsMaxBytes: 2 ** 23 })
  const command = syllabus(['status'], { NATS_URL: url, SYLLABUS_HOME: await folder() })
  expect(await command.ended, command.output()).toBe(0)
  const manager = await connect({ servers: url })
  cleanups.push(() => manager.close())
  const { config } = await (await jetstreamManager(manager)).streams.info(logStreamOf.LAB)
  expect(config.max_bytes).toBe(2 ** 22)
})
