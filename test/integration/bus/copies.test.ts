import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AckPolicy } from '@nats-io/jetstream'
import { afterEach, expect, test } from 'vitest'
import { openLink } from '../../../bus/link.ts'
import { BusSetupError } from '../../../bus/mod.ts'
import { Presence } from '../../../bus/presence.ts'
import { bucketStream, bucketsOf, logStreamOf, objectStreamOf } from '../../../bus/subjects.ts'
import { registry } from '../../../schemas/registry.ts'
import { type Account, accounts } from '../../../schemas/role.ts'
import { makeCertificate } from '../../support/certificates.ts'
import { type ClusterOptions, type TestCluster, withCluster } from '../../support/cluster.ts'
import { memoryLog, until } from '../../support/nats.ts'
import { plannerHandlers } from '../../support/planner-handlers.ts'

const sizes = { logMaxBytes: 64 * 1024 ** 2, logMaxAgeMs: 3_600_000, objectsMaxBytes: 64 * 1024 ** 2 }
const vaultStreams = [objectStreamOf.VAULT, ...bucketsOf('VAULT').map(bucketStream)]

const opened: TestCluster[] = []
afterEach(async () => {
  for (const cluster of opened.splice(0)) await cluster[Symbol.asyncDispose]()
})
async function open(options: ClusterOptions): Promise<TestCluster> {
  const cluster = await withCluster(options)
  opened.push(cluster)
  return cluster
}

/** How many copies the servers have of each stream and each consumer of an account. */
async function copiesIn(cluster: TestCluster, account: Account): Promise<Record<string, number>> {
  const { jsm, nc } = await cluster.link(account)
  const of = ({ cluster }: { cluster?: { replicas?: unknown[] } }) => 1 + (cluster?.replicas?.length ?? 0)
  const copies: Record<string, number> = {}
  // The operator may list neither the vault's streams nor their consumers.
  for (const name of account === 'VAULT' ? vaultStreams : await jsm.streams.names().next()) {
    const stream = await jsm.streams.info(name).catch(() => null)
    if (!stream) continue
    copies[name] = of(stream)
    const consumers = account === 'VAULT' ? [] : await jsm.consumers.list(name).next()
    for (const consumer of consumers) copies[`${name} ${consumer.name}`] = of(consumer)
  }
  await nc.close()
  return copies
}
/** The streams and consumers of all accounts that do not have so many. */
async function othersThan(count: number, cluster: TestCluster): Promise<string[]> {
  const all = await Promise.all(accounts.map((account) => copiesIn(cluster, account)))
  expect(all.map((each) => Object.keys(each).length > 0)).toEqual([true, true, true])
  return all.flatMap(Object.entries).flatMap(([name, copies]) => (copies === count ? [] : [`${name} ${copies}`]))
}

test('C1, C2, C4: everything has three copies; no other topology makes them fewer, and five need five servers', async () => {
  const cluster = await open({ copies: 3 })
  const operator = await cluster.open('operator', 'cli')
  expect(await othersThan(3, cluster)).toEqual([])
  expect(await operator.ensureTopology({ ...sizes, copies: 3 })).toEqual([])
  expect(await operator.ensureTopology({ ...sizes, copies: 1 })).toEqual([
    expect.stringContaining('the bus keeps 3 copies of everything: they are not made fewer'),
  ])
  expect(await operator.ensureTopology({ ...sizes, copies: 1, keep: true })).toEqual([])
  expect(await operator.ensureTopology(sizes)).toEqual([])
  const error = await operator.ensureTopology({ ...sizes, copies: 5 }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BusSetupError)
  expect((error as BusSetupError).fix).toMatch(/storage\.copies asks for 5 copies.*Start so many servers/)
  // What a command without a topology makes anew has as many copies as all else.
  const { jsm, nc } = await cluster.link()
  await jsm.streams.delete(bucketStream('checks'))
  await jsm.consumers.delete(logStreamOf.LAB, 'planner-rules-report')
  await nc.close()
  await operator.ensureTopology({ ...sizes, keep: true })
  expect(await othersThan(3, cluster)).toEqual([])
}, 120_000)

test('C2: while a stream is raised to three copies the servers refuse consumers; queues that are made meanwhile are all there', async () => {
  const cluster = await open({ copies: 1 })
  const [raising, adding] = await Promise.all([cluster.open('operator', 'cli'), cluster.open('operator', 'cli')])
  const { jsm, nc } = await cluster.link()
  const log = logStreamOf.LAB
  // A plain client shows what the servers answer.
  const plain = (name: string) => jsm.consumers.add(log, { durable_name: name, ack_policy: AckPolicy.Explicit })
  for (let count = 0; count < 40; count++) await plain(`before-${count}`)
  const end = new AbortController()
  const refused = new Set<number>()
  const asks = async () => {
    for (let count = 0; !end.signal.aborted; count++) {
      const answered = plain(`meanwhile-${count}`).catch((error: { code: number }) => void refused.add(error.code))
      await Promise.all([answered, sleep(5)])
    }
  }
  const asking = asks()
  const queues = Array.from({ length: 8 }, (_, index) => `rules-${index}`)
  const added = queues.map((queue) => adding.ensureTopology({ ...sizes, copies: 3, variants: { critic: [queue] } }))
  await Promise.all([raising.ensureTopology({ ...sizes, copies: 3 }), ...added])
  end.abort()
  await asking
  expect([...refused]).toEqual([10_023])
  const copies = await copiesIn(cluster, 'LAB')
  expect(queues.map((queue) => copies[`${log} critic-${queue}-batch`])).toEqual(queues.map(() => 3))
  await nc.close()
}, 120_000)

test('with three copies, over TLS, the death of the node that leads the log stops nothing, although it stays dead', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-copies-'))
  const authority = makeCertificate(folder, 'authority')
  const { cert, key } = makeCertificate(folder, 'server', { names: 'IP:127.0.0.1', by: authority })
  const tls = { server: { cert_file: cert, key_file: key }, client: { ca: authority.cert } }
  const cluster = await open({ copies: 3, nkeys: true, tls })
  const [sender, planner, gateway] = [
    await cluster.open('operator', 'cli'),
    await cluster.open('planner', 'rules'),
    await cluster.open('gateway', 'ws'),
  ]
  const stop = new AbortController()
  const { signal } = stop
  const [handled, read]: [string[], string[]] = [[], []]
  const control = async (_: unknown, { id }: { id: string }) => void handled.push(id)
  const handlers = plannerHandlers({ 'operator-command': control })
  const loop = planner.work(handlers, { role: 'planner', variant: 'rules', slots: 1, signal })
  const reading = (async () => {
    for await (const { id } of gateway.log({ runId: 'lead', follow: true, signal })) read.push(id)
  })()
  const send = (n: number) =>
    sender.publish(registry['operator-command'], { runId: 'lead', variant: 'rules', id: `m${n}` }, { action: 'pause' })
  for (let n = 0; n < 5; n++) await send(n)
  const object = await sender.objects.putJson('LAB', 'lead/x', { kept: true })
  const sealed = await sender.objects.putJson('VAULT', 'lead/x', { kept: true })
  await until('5 are handled', () => handled.length === 5)
  await cluster.kill9(await cluster.leaderOf(logStreamOf.LAB))
  for (let n = 5; n < 10; n++) await send(n)
  const expected = Array.from({ length: 10 }, (_, n) => `lead.m${n}`)
  await until('all are handled and read', () => new Set(handled).size === 10 && read.length >= 10, 60_000)
  expect([...read].sort()).toEqual(expected)
  expect([...new Set(handled)].sort()).toEqual(expected)
  const evaluator = await cluster.open('evaluator', 'scorer')
  for (const ref of [object, sealed])
    expect(new TextDecoder().decode(await evaluator.objects.get(ref))).toBe('{"kept":true}')
  await expect(planner.kv('agents', Presence).keys()).resolves.toEqual([])
  // A command that starts now goes on with the two that are left.
  await sender.ensureTopology({ ...sizes, copies: 3 })
  stop.abort()
  await Promise.all([loop.done, reading])
  await rm(folder, { recursive: true })
}, 120_000)

test('C3: copies are raised where they may be, and VAULT, which nobody may change, is named with what to do', async () => {
  const cluster = await open({ copies: 1 })
  const operator = await cluster.open('operator', 'cli')
  const raised = await operator.ensureTopology({ ...sizes, copies: 3 })
  expect(raised).toEqual([
    expect.stringMatching(/VAULT's streams have fewer than 3 copies.*OBJECTS_VAULT.*--replicas 3/),
  ])
  const behind = vaultStreams.map((name) => `${name} 1`)
  await until('all others have three', async () => (await othersThan(3, cluster)).length === behind.length, 60_000)
  expect(await othersThan(3, cluster)).toEqual(behind)
  // What the message asks of an administrator.
  const admin = { user: 'admin', pass: 'of-a-test' }
  await cluster.addUser('VAULT', admin)
  const who = { role: 'operator', variant: 'test', instance: 'test' } as const
  const { jsm, nc } = await openLink(cluster.url, 'VAULT', admin, who, memoryLog(), undefined, { isKnown: true })
  for (const name of vaultStreams) await jsm.streams.update(name, { num_replicas: 3 })
  await nc.close()
  await until('VAULT has three', async () => (await othersThan(3, cluster)).length === 0, 60_000)
  expect(await operator.ensureTopology({ ...sizes, copies: 3 })).toEqual([])
}, 120_000)

test('C4: one server alone is refused three copies with the fix; a command that only reads makes no vault', async () => {
  const cluster = await open({ size: 1, topology: false })
  const operator = await cluster.open('operator', 'cli')
  const error = await operator.ensureTopology({ ...sizes, copies: 3 }).catch((thrown: unknown) => thrown)
  expect((error as BusSetupError).message).toMatch(
    /non-clustered mode.*account \w+, .*lower it in the topology \(1 for/,
  )
  expect(error).toBeInstanceOf(BusSetupError)
  await operator.ensureTopology({ ...sizes, keep: true, vault: false })
  expect([await copiesIn(cluster, 'VAULT'), Object.keys(await copiesIn(cluster, 'LAB')).length > 10]).toEqual([
    {},
    true,
  ])
  await operator.ensureTopology({ ...sizes, copies: 1 })
  expect(await othersThan(1, cluster)).toEqual([])
}, 60_000)
