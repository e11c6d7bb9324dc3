import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { entry } from '../support/command.ts'
import { until } from '../support/nats.ts'
import type { Disturbance, Stage } from './stage.ts'

/** Network namespaces of this machine as hosts of their own, with an address each; this machine is one more, and sees them all. */
export type Hosts = Disposable & {
  /** The address of this machine that the hosts see. */
  readonly here: string
  readonly hosts: readonly { address: string; prefix: readonly string[] }[]
  /** Pulls a host's plug, and puts it in again. */
  unplug(host: number): void
  plug(host: number): void
}

const ip = (...words: string[]) => void execFileSync('ip', words, { stdio: 'pipe' })

/** Why there can be no such hosts here; null where there can. */
export function withoutHosts(): string | null {
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const tried = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' })
  return tried.status === 0 ? null : `"ip netns list" fails: ${tried.error?.message ?? tried.stderr.trim()}`
}

export function makeHosts(count = 3): Hosts {
  const id = randomInt(100, 250)
  const bridge = `syb${id}`
  const names = Array.from({ length: count }, (_, host) => `sy${id}h${host + 1}`)
  const addressOf = (host: number) => `10.${id}.77.${host}`
  ip('link', 'add', bridge, 'type', 'bridge')
  ip('addr', 'add', `${addressOf(254)}/24`, 'dev', bridge)
  ip('link', 'set', bridge, 'up')
  names.forEach((name, host) => {
    ip('netns', 'add', name)
    ip('link', 'add', `${name}p`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
    ip('link', 'set', `${name}p`, 'master', bridge)
    ip('link', 'set', `${name}p`, 'up')
    ip('-n', name, 'addr', 'add', `${addressOf(host + 1)}/24`, 'dev', 'eth0')
    ip('-n', name, 'link', 'set', 'eth0', 'up')
    ip('-n', name, 'link', 'set', 'lo', 'up')
  })
  return {
    here: addressOf(254),
    hosts: names.map((name, host) => ({ address: addressOf(host + 1), prefix: ['ip', 'netns', 'exec', name] })),
    unplug: (host) => ip('link', 'set', `${names[host]}p`, 'down'),
    plug: (host) => ip('link', 'set', `${names[host]}p`, 'up'),
    [Symbol.dispose]() {
      for (const name of names) ip('netns', 'del', name)
      ip('link', 'del', bridge)
    },
  }
}

/** A generator that helps the run from a host; gives what ends it. */
async function helpFrom(prefix: readonly string[], { folder, env, teacher }: Stage): Promise<() => void> {
  const key = 'k-helper'
  const words = [...prefix, process.execPath, entry, 'agent', 'generator', '--run', 'through']
  const child = spawn(words[0]!, words.slice(1), {
    env: {
      ...process.env,
      ...env,
      SYLLABUS_HOME: join(folder.path, 'helper-home'),
      OPENAI_BASE_URL: teacher.url,
      OPENAI_API_KEY: key,
    },
    stdio: 'ignore',
  })
  await until('the helper asks the teacher', () => teacher.byKey.has(key), 60_000)
  return () => void child.kill('SIGKILL')
}

/** What three hosts have to survive, with a generator on the second one. */
export function hostDisturbances({ here, hosts, unplug, plug }: Hosts): Disturbance[] {
  const options = { hosts }
  return [
    { name: 'three hosts, undisturbed', options, here, disturb: async () => {} },
    {
      name: 'three hosts: kill -9 of each server in turn',
      options,
      here,
      async disturb(stage) {
        const stop = await helpFrom(hosts[1]!.prefix, stage)
        for (const node of hosts.keys()) {
          await stage.cluster.kill9(node)
          await stage.goesOn()
          await stage.cluster.start(node)
          await stage.cluster.inSync()
        }
        stop()
      },
      deaths: 1,
    },
    {
      name: 'three hosts: one is cut off for 30 s, with its server and its generator',
      options,
      here,
      async disturb(stage) {
        const stop = await helpFrom(hosts[1]!.prefix, stage)
        unplug(1)
        await sleep(30_000)
        plug(1)
        await stage.goesOn()
        stop()
      },
      deaths: 2,
    },
  ]
}
