/**
 * `npm run test:cluster -- standstill [--times n]`: how long everything that goes through the bus stands still when the server that leads
 * the log is killed and stays dead, with traffic. One line a time: the longest pause of each kind of request, in seconds.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { logStreamOf } from '../../bus/subjects.ts'
import { registry } from '../../schemas/registry.ts'
import { until } from '../support/nats.ts'
import { plannerHandlers } from '../support/planner-handlers.ts'
import { withSecuredCluster } from './stage.ts'

const kinds = ['publish', 'handled', 'log read', 'value', 'object'] as const
type Kind = (typeof kinds)[number]
/** The longest pause of each kind, in seconds. */
export type Standstill = Record<Kind, number>

/** Kills the server that leads a stream once all kinds of traffic run, and goes on until each of them does again. */
export async function standstillAfterLeaderDeath(stream: string = logStreamOf.LAB): Promise<Standstill> {
  await using secured = await withSecuredCluster({ copies: 3, topology: true })
  const { cluster } = secured
  const [operator, planner, gateway] = [
    await cluster.open('operator', 'cli'),
    await cluster.open('planner', 'rules'),
    await cluster.open('gateway', 'ws'),
  ]
  const stop = new AbortController()
  const { signal } = stop
  const last = new Map<Kind, number>()
  const longest = new Map<Kind, number>()
  const beat = (kind: Kind) => {
    const now = performance.now()
    longest.set(kind, Math.max(longest.get(kind) ?? 0, now - (last.get(kind) ?? now)))
    last.set(kind, now)
  }
  const keep = async (kind: Kind, act: (n: number) => Promise<unknown>) => {
    for (let n = 0; !signal.aborted; n++) {
      await act(n)
      beat(kind)
      await sleep(20)
    }
  }
  const handlers = plannerHandlers({ 'operator-command': async () => beat('handled') })
  const loop = planner.work(handlers, { role: 'planner', variant: 'rules', slots: 1, signal })
  const values = operator.kv('runs', z.object({ n: z.number() }))
  const reading = (async () => {
    for await (const _ of gateway.log({ runId: 'still', follow: true, signal })) beat('log read')
  })()
  const lanes = [
    keep('publish', (n) =>
      operator.publish(
        registry['operator-command'],
        { runId: 'still', variant: 'rules', id: `m${n}` },
        { action: 'pause' },
      ),
    ),
    keep('value', (n) => values.put('still', { n }).then(() => values.get('still'))),
    keep('object', (n) => operator.objects.putJson('LAB', 'still/x', { n }).then((ref) => operator.objects.get(ref))),
  ]
  await until('all kinds of traffic run', () => kinds.every((kind) => last.has(kind)), 30_000)
  await sleep(2000)
  longest.clear()
  await cluster.kill9(await cluster.leaderOf(stream))
  const killedAt = performance.now()
  await until('all kinds go on', () => kinds.every((kind) => (last.get(kind) ?? 0) > killedAt + 300), 90_000)
  await sleep(1000)
  stop.abort()
  await Promise.all([...lanes, loop.done, reading])
  return Object.fromEntries(kinds.map((kind) => [kind, (longest.get(kind) ?? 0) / 1000])) as Standstill
}
