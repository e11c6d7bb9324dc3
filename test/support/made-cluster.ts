import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cluster } from '../../cluster/cluster-file.ts'
import { type ClusterPlan, initCluster } from '../../cluster/init.ts'
import { freePorts } from './cluster.ts'
import { natsBinary, until } from './nats.ts'

export type MadeCluster = AsyncDisposable & {
  /** The folder that `cluster init` made. */
  folder: string
  cluster: Cluster
  /** What the server wrote to its log. */
  log(host: string): string
  start(host: string): Promise<void>
  /** The servers read their files again. */
  reload(): Promise<void>
  kill(host: string): Promise<void>
}

/** Addresses of this machine alone, so that servers with the same ports do not meet. */
export const loopback = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${'abcde'[index]}=127.0.0.${index + 2}`)

/** A plan for servers of this machine, at ports that are free. */
export async function planOf(out: string, plan: Partial<ClusterPlan> = {}): Promise<ClusterPlan> {
  const [clients = 0, routes = 0, monitor = 0] = await freePorts(3)
  return {
    out,
    name: 'lab',
    hosts: loopback(3),
    tls: 'own',
    ports: { clients, routes, monitor },
    storage: { folder: 'store', maxFileBytes: 64 * 1024 ** 3, maxMemoryBytes: 0, sync: '10s' },
    configFolder: '/etc/syllabus-nats',
    ...plan,
  }
}

/** Real servers with the files of `cluster init`, each in its host's folder, as an operator starts them. */
export async function withMadeCluster(
  plan: Partial<ClusterPlan> = {},
  { start: startsAll = true }: { start?: boolean } = {},
): Promise<MadeCluster> {
  const binary = await natsBinary()
  const root = await mkdtemp(join(tmpdir(), 'syllabus-made-cluster-'))
  const folder = join(root, 'lab')
  const cluster = await initCluster(await planOf(folder, plan))
  const running = new Map<string, ChildProcess>()
  const logFile = (host: string) => join(root, `${host}.log`)
  const log = (host: string) => readFileSync(logFile(host), 'utf8')
  const start = async (host: string) => {
    const stderr = openSync(logFile(host), 'a')
    const starts = () => log(host).split('Server is ready').length
    const before = starts()
    const child = spawn(binary, ['-c', 'nats.conf'], {
      cwd: join(folder, 'hosts', host),
      stdio: ['ignore', 'ignore', stderr],
    })
    closeSync(stderr)
    await once(child, 'spawn')
    running.set(host, child)
    await until(`server ${host} is ready`, () => starts() > before)
  }
  const kill = async (host: string) => {
    const child = running.get(host)
    if (!child) return
    running.delete(host)
    if (child.exitCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  if (startsAll) await Promise.all(cluster.hosts.map(({ name }) => start(name)))
  return {
    folder,
    cluster,
    log,
    start,
    kill,
    async reload() {
      const reloads = (host: string) => log(host).split('Reloaded server configuration').length
      for (const [host, child] of running) {
        const before = reloads(host)
        child.kill('SIGHUP')
        await until(`server ${host} has read its files again`, () => reloads(host) > before)
      }
    },
    async [Symbol.asyncDispose]() {
      for (const { name } of cluster.hosts) await kill(name)
      await rm(root, { recursive: true, force: true })
    },
  }
}
