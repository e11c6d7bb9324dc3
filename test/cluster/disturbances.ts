import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { logStreamOf } from '../../bus/subjects.ts'
import type { TestCluster } from '../support/cluster.ts'
import type { Disturbance } from './stage.ts'

const nodes = [0, 1, 2]

/** Each server in turn ends by a signal, and is started again once the run has gone on without it. */
const eachInTurn =
  (signal: NodeJS.Signals): Disturbance['disturb'] =>
  async ({ cluster, goesOn }) => {
    for (const node of nodes) {
      cluster.signal(node, signal)
      await cluster.ended(node)
      await goesOn()
      await cluster.start(node)
      await cluster.inSync()
    }
  }

/** All leaders of LAB's streams and consumers step down, with messages under way. */
async function stepDown(cluster: TestCluster, times: number, goesOn: () => Promise<void>): Promise<void> {
  const { ask, jsm, nc } = await cluster.link()
  const step = (subject: string) => nc.request(`$JS.API.${subject}`, '', { timeout: 5000 }).catch(() => null)
  for (let n = 0; n < times; n++) {
    const streams = await ask(() => Array.fromAsync(jsm.streams.names()))
    for (const stream of streams) {
      for (const { name } of await ask(() => Array.fromAsync(jsm.consumers.list(stream))))
        await step(`CONSUMER.LEADER.STEPDOWN.${stream}.${name}`)
      await step(`STREAM.LEADER.STEPDOWN.${stream}`)
    }
    await goesOn()
  }
  await nc.close()
}

const mebibyte = 1024 ** 2

/** A disk of its own for each server's files, as root alone can make one. */
async function smallDisks(cluster: TestCluster): Promise<() => Promise<void>> {
  for (const node of nodes) cluster.signal(node, 'SIGTERM')
  for (const node of nodes) {
    await cluster.ended(node)
    mkdirSync(cluster.storeOf(node), { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=192m', 'syllabus', cluster.storeOf(node)])
  }
  for (const node of nodes) await cluster.start(node)
  return async () => {
    for (const node of nodes) {
      await cluster.kill9(node)
      execFileSync('umount', [cluster.storeOf(node)])
    }
  }
}

async function fillDisk(folder: string): Promise<void> {
  const file = await open(join(folder, 'filler'), 'w')
  try {
    for (;;) await file.write(Buffer.alloc(((await statfs(folder)).bavail > 256 ? 1 : 1 / 256) * mebibyte))
  } catch {
    // It is full.
  } finally {
    await file.close()
  }
}

const isRoot = process.getuid?.() === 0

/** What a cluster has to survive. Those for which `isCheap` take part in `npm test`. */
export const disturbances: readonly (Disturbance & { isCheap?: boolean; needs?: string | false })[] = [
  { name: 'undisturbed', disturb: async () => {}, isCheap: true },
  { name: 'kill -9 of each server in turn', disturb: eachInTurn('SIGKILL') },
  {
    name: 'kill -9 of the log’s leader, which stays dead',
    isCheap: true,
    async disturb({ cluster, goesOn }) {
      await cluster.kill9(await cluster.leaderOf(logStreamOf.LAB))
      await goesOn()
    },
  },
  { name: 'rolling restart of all three, SIGTERM', disturb: eachInTurn('SIGTERM') },
  {
    name: 'rolling restart of all three, lame duck',
    disturb: eachInTurn('SIGUSR2'),
    options: { config: { lame_duck_grace_period: '1s', lame_duck_duration: '30s' } },
  },
  {
    name: 'all leaders step down, three times, messages in flight',
    isCheap: true,
    disturb: ({ cluster, goesOn }) => stepDown(cluster, 3, goesOn),
  },
  {
    name: 'quorum lost for 20 s',
    isShown: true,
    async disturb({ cluster, goesOn }) {
      await Promise.all([cluster.kill9(0), cluster.kill9(1)])
      await sleep(20_000)
      await Promise.all([cluster.start(0), cluster.start(1)])
      await goesOn()
    },
  },
  {
    name: 'all servers killed at once, and started again',
    isShown: true,
    async disturb({ cluster, goesOn }) {
      await Promise.all(nodes.map((node) => cluster.kill9(node)))
      await sleep(5000)
      await Promise.all(nodes.map((node) => cluster.start(node)))
      await goesOn()
    },
  },
  {
    name: 'this host cut off from all servers for 30 s',
    isShown: true,
    options: { hasRoads: true },
    async disturb({ cluster, goesOn }) {
      for (const road of cluster.roads) road.cut()
      await sleep(30_000)
      for (const road of cluster.roads) road.open()
      await goesOn()
    },
  },
  {
    name: 'the log’s leader freezes for 30 s (SIGSTOP), then answers as if it still led',
    async disturb({ cluster, goesOn }) {
      const leader = await cluster.leaderOf(logStreamOf.LAB)
      cluster.signal(leader, 'SIGSTOP')
      await sleep(30_000)
      cluster.signal(leader, 'SIGCONT')
      await goesOn()
    },
  },
  {
    name: 'a follower freezes for 15 s, twice: copies that are behind answer reads',
    async disturb({ cluster, goesOn }) {
      for (let n = 0; n < 2; n++) {
        const leader = await cluster.leaderOf(logStreamOf.LAB)
        const follower = nodes.find((node) => node !== leader)!
        cluster.signal(follower, 'SIGSTOP')
        await sleep(15_000)
        cluster.signal(follower, 'SIGCONT')
        await goesOn()
      }
    },
  },
  {
    name: 'slow roads: 200 ms each way, 1 % of the pieces stall for 2 s',
    options: { hasRoads: true },
    async disturb({ cluster, goesOn }) {
      for (const road of cluster.roads) road.slow({ delayMs: 200, stallShare: 0.01, stallMs: 2000 })
      await sleep(20_000)
      await goesOn()
    },
  },
  {
    name: 'the log’s leader dies, and comes back with an empty disk',
    async disturb({ cluster, goesOn }) {
      const leader = await cluster.leaderOf(logStreamOf.LAB)
      await cluster.kill9(leader)
      await rm(cluster.storeOf(leader), { recursive: true })
      await goesOn()
      await cluster.start(leader)
      await cluster.inSync()
      // What it fetched is what it serves once it leads again.
      await Promise.all(
        nodes
          .filter((node) => node !== leader)
          .slice(0, 1)
          .map((node) => cluster.kill9(node)),
      )
      await goesOn()
    },
  },
  {
    name: 'the disk of the log’s leader is full, and stays so',
    needs: !isRoot && 'root, to mount a small disk',
    prepare: smallDisks,
    async disturb({ cluster, goesOn }) {
      await fillDisk(cluster.storeOf(await cluster.leaderOf(logStreamOf.LAB)))
      await sleep(5000)
      await goesOn()
    },
  },
]
