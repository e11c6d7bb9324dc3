import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { logStreamOf, objectStreamOf } from '../../../bus/subjects.ts'
import { registry } from '../../../schemas/registry.ts'
import { disturbances } from '../../cluster/disturbances.ts'
import { generateThrough } from '../../cluster/stage.ts'
import { type TestCluster, withCluster } from '../../support/cluster.ts'
import { take, until } from '../../support/nats.ts'

const opened: TestCluster[] = []
afterEach(async () => {
  for (const cluster of opened.splice(0)) await cluster[Symbol.asyncDispose]()
})
async function open(): Promise<TestCluster> {
  const cluster = await withCluster({ copies: 3 })
  opened.push(cluster)
  return cluster
}
const nodes = [0, 1, 2]

test('B1, B2: objects that are put while most servers are away are there once they are back, whoever leads then', async () => {
  const cluster = await open()
  const [operator, critic] = [await cluster.open('operator', 'cli'), await cluster.open('critic', 'rules')]
  const leader = await cluster.leaderOf(objectStreamOf.LAB)
  const others = nodes.filter((node) => node !== leader)
  await Promise.all(others.map((node) => cluster.kill9(node)))
  const puts = Array.from({ length: 20 }, (_, n) => critic.objects.putJson('LAB', `lost/o${n}`, { n }))
  await until('the wait is noted', () => critic.troubles.now.some(({ code }) => code === 'server-away'), 30_000)
  // Each is sent again at least once.
  await sleep(3000)
  // Whoever leads next holds nothing of what the one that is left was sent.
  await cluster.kill9(leader)
  await Promise.all(others.map((node) => cluster.start(node)))
  const refs = await Promise.all(puts)
  await cluster.start(leader)
  for (const [n, ref] of refs.entries())
    expect(new TextDecoder().decode(await operator.objects.get(ref))).toBe(JSON.stringify({ n }))
}, 120_000)

test('L3: a log that is read to its end is whole, although a copy that answers was away and is behind', async () => {
  const cluster = await open()
  const operator = await cluster.open('operator', 'cli')
  const send = (n: number) =>
    operator.publish(
      registry['operator-command'],
      { runId: 'behind', variant: 'rules', id: `m${n}` },
      { action: 'pause' },
    )
  const read = async () => {
    const { signal } = new AbortController()
    return (await Array.fromAsync(operator.log({ runId: 'behind', follow: false, signal }))).map(({ id }) => id)
  }
  const leader = await cluster.leaderOf(logStreamOf.LAB)
  const follower = nodes.find((node) => node !== leader)!
  const expected: string[] = []
  for (let n = 0; n < 400; n++) {
    if (n % 200 === 0) cluster.signal(follower, 'SIGSTOP')
    expected.push(`behind.m${n}`)
    await send(n)
    if (n % 200 !== 199) continue
    cluster.signal(follower, 'SIGCONT')
    for (let time = 0; time < 10; time++) expect(await read()).toEqual(expected)
  }
  await take(operator.log({ runId: 'behind', follow: true, signal: new AbortController().signal }), expected.length)
}, 120_000)

const cheap = disturbances.filter(({ isCheap }) => isCheap)

test(`generate makes the same dataset and pays nothing twice through: ${cheap.map(({ name }) => name).join('; ')}`, async () => {
  const outcomes = []
  for (const disturbance of cheap) outcomes.push(await generateThrough(disturbance, { rows: 300, latencyMs: 500 }))
  for (const { name, output, ...outcome } of outcomes)
    expect(outcome, `${name}\n${output}`).toMatchObject({
      exitCode: 0,
      rows: 300,
      twice: 0,
      datasetHash: outcomes[0]!.datasetHash,
    })
  expect(outcomes[0]!.datasetHash).toMatch(/^[0-9a-f]{64}$/)
}, 300_000)
