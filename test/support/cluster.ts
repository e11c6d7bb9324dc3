import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nkeys } from 'nats'
import { serverNameAt } from '../../bus/greeting.ts'
import { type Link, openLink } from '../../bus/link.ts'
import { type Bus, type Credentials, connectBus, type TlsFiles } from '../../bus/mod.ts'
import { accountsConfig } from '../../bus/server-config.ts'
import { type Account, accountsOf, type Role, roles } from '../../schemas/role.ts'
import { memoryLog, natsBinary, until } from './nats.ts'
import { openRoad, type Road } from './road.ts'

export type TestCluster = AsyncDisposable & {
  /** The addresses of all nodes, joined by commas. */
  readonly url: string
  readonly credentials: Record<Role, Credentials>
  /** The file with the users of all roles, and what clients need for TLS. */
  readonly credentialsFile: string
  /** The node, from 0 on, that leads a stream. */
  leaderOf(stream: string): Promise<number>
  /** A plain connection as the operator. */
  link(account?: Account): Promise<Link>
  kill9(node: number): Promise<void>
  /** Sends a signal to a node. */
  signal(node: number, signal: NodeJS.Signals): void
  /** Waits until a node that was sent a signal has ended. */
  ended(node: number): Promise<void>
  /** Waits until all copies of LAB's streams and of their consumers are there and hold what their leaders hold. */
  inSync(): Promise<void>
  /** The process ids of the nodes that run. */
  pids(): number[]
  /** Where a node keeps its files. */
  storeOf(node: number): string
  /** The roads to the nodes that clients take, where they are asked for. */
  readonly roads: readonly Road[]
  /** Adds a user without limits to an account, as an administrator of the servers does, in their files and without a restart. */
  addUser(account: Account, login: { user: string; pass: string }): Promise<void>
  /** Takes the users of a role away or gives them back, as after a node was revoked. */
  allow(role: Role, isAllowed: boolean): Promise<void>
  start(node: number): Promise<void>
  open(role: Role, variant: string): Promise<Bus>
}

export type ClusterOptions = {
  /** How many servers; one of them alone is no cluster. */
  size?: number
  /** Copies of everything. */
  copies?: number
  /** Users log in with nkeys in place of passwords. */
  nkeys?: boolean
  /** The servers speak TLS alone: their `tls` block, and what clients need. */
  tls?: { server: object; client: TlsFiles | undefined }
  /** How clients are told to reach the servers, in place of 127.0.0.1. */
  host?: string
  /** False: no streams are made. */
  topology?: boolean
  /** Where the nodes run, in place of this machine's loopback: an address, and what a command is prefixed with to run there. */
  hosts?: readonly { address: string; prefix: readonly string[] }[]
  /** Clients reach the nodes by a road that can be slow or cut. */
  hasRoads?: boolean
  /** Fields that the configuration of each node has beside. */
  config?: object
}

const sizes = { logMaxBytes: 64 * 1024 ** 2, logMaxAgeMs: 3_600_000, objectsMaxBytes: 64 * 1024 ** 2 }

export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  return servers.map((server) => {
    const address = server.address()
    server.close()
    return typeof address === 'object' && address ? address.port : 0
  })
}

/** Servers with the product's accounts that form one JetStream cluster, three by default, with streams and consumers made. */
export async function withCluster({
  size = 3,
  copies,
  nkeys: usesNkeys = false,
  tls,
  host = '127.0.0.1',
  topology = true,
  hosts,
  hasRoads = false,
  config: more = {},
}: ClusterOptions = {}): Promise<TestCluster> {
  const binary = await natsBinary()
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-cluster-'))
  const nodes = Array.from({ length: size }, (_, node) => node)
  const loginOf = (role: Role, account: Account) =>
    usesNkeys
      ? { nkeySeed: Buffer.from(nkeys.createUser().getSeed()).toString() }
      : { user: `${role}-${account.toLowerCase()}`, pass: randomBytes(12).toString('hex') }
  const users = roles.map((role) => [
    role,
    Object.fromEntries(accountsOf[role].map((account) => [account, loginOf(role, account)])),
  ])
  const credentials = Object.fromEntries(users) as Record<Role, Credentials>
  const credentialsFile = join(folder, 'credentials.json')
  await writeFile(credentialsFile, JSON.stringify({ ...credentials, tls: tls?.client }), { mode: 0o600 })
  const ports = await freePorts(2 * nodes.length)
  const [clients, routes] = [ports.slice(0, nodes.length), ports.slice(nodes.length)]
  const addressOf = (node: number) => hosts?.[node]?.address ?? '127.0.0.1'
  const roads = hasRoads ? await Promise.all(clients.map((port) => openRoad(port))) : []
  const storeOf = (node: number) => join(folder, `n${node}`)
  for (const node of nodes) {
    const config = {
      ...more,
      server_name: `n${node}`,
      host: addressOf(node),
      port: clients[node],
      max_payload: 8 * 1024 ** 2,
      ...(roads[node] && { client_advertise: `${host}:${roads[node].port}` }),
      jetstream: { store_dir: storeOf(node), max_memory_store: 0, max_file_store: 2 * 1024 ** 4 },
      ...(size > 1 && {
        cluster: {
          name: 'test',
          listen: `${addressOf(node)}:${routes[node]}`,
          routes: nodes.filter((other) => other !== node).map((other) => `nats://${addressOf(other)}:${routes[other]}`),
        },
      }),
      ...(tls && { tls: tls.server }),
      accounts: accountsConfig(credentials),
    }
    await writeFile(join(folder, `n${node}.conf`), JSON.stringify(config))
  }
  const url = nodes
    .map((node) => `${tls ? 'tls' : 'nats'}://${hosts?.[node]?.address ?? host}:${roads[node]?.port ?? clients[node]}`)
    .join(',')
  const running = new Map<number, ChildProcess>()
  const buses: Bus[] = []
  const start = async (node: number) => {
    const [command = binary, ...words] = [...(hosts?.[node]?.prefix ?? []), binary, '-c', join(folder, `n${node}.conf`)]
    const child = spawn(command, words, { stdio: 'ignore' })
    await once(child, 'spawn')
    running.set(node, child)
    const greeting = `nats://${addressOf(node)}:${clients[node]}`
    await until(`server ${node} listens`, async () => (await serverNameAt(greeting)) === `n${node}`, 30_000)
  }
  const kill9 = async (node: number) => {
    const child = running.get(node)
    if (!child) return
    running.delete(node)
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  const open = async (role: Role, variant: string) => {
    const who = { role, variant, instance: `${role}-${buses.length}` }
    const known = { servers: url, credentials: credentials[role], tls: tls?.client, isKnown: true }
    const bus = await connectBus({ ...known, ...who, log: memoryLog() })
    buses.push(bus)
    return bus
  }
  for (const node of nodes) await start(node)
  if (topology) await (await open('operator', 'cli')).ensureTopology({ ...sizes, copies })
  const allowed = new Set<Role>(roles)
  /** Changes the files of the nodes that run, which read them again. */
  const edit = async (change: (config: { accounts: Record<string, { users: object[] }> }) => void) => {
    for (const [node, child] of running) {
      const file = join(folder, `n${node}.conf`)
      const config = JSON.parse(await readFile(file, 'utf8'))
      change(config)
      await writeFile(file, JSON.stringify(config))
      child.kill('SIGHUP')
    }
  }
  const link = (account: Account = 'LAB') => {
    const who = { role: 'operator', variant: 'test', instance: 'test' } as const
    const options = { isKnown: true, tls: tls?.client }
    return openLink(url, account, credentials.operator[account]!, who, memoryLog(), undefined, options)
  }
  return {
    url,
    credentials,
    credentialsFile,
    async leaderOf(stream) {
      const { ask, jsm, nc } = await link()
      try {
        const { cluster } = await ask(() => jsm.streams.info(stream))
        return Number(cluster?.leader?.slice(1))
      } finally {
        await nc.close()
      }
    },
    link,
    kill9,
    roads,
    storeOf,
    pids: () => [...running.values()].flatMap(({ pid }) => pid ?? []),
    signal: (node, signal) => void running.get(node)?.kill(signal),
    async ended(node) {
      const child = running.get(node)
      running.delete(node)
      if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
    async inSync() {
      const { ask, jsm, nc } = await link()
      const isCurrent = ({ cluster }: { cluster?: { leader?: string; replicas?: { current: boolean }[] } }) =>
        cluster?.leader !== undefined && (cluster.replicas ?? []).every(({ current }) => current)
      try {
        const all = async () => {
          const streams = await Array.fromAsync(jsm.streams.list())
          const consumers = await Promise.all(
            streams.map(({ config }) => Array.fromAsync(jsm.consumers.list(config.name))),
          )
          return streams.length > 0 && [...streams, ...consumers.flat()].every(isCurrent)
        }
        await until('all copies are in sync', () => ask(all).catch(() => false), 120_000)
      } finally {
        await nc.close()
      }
    },
    start,
    addUser: (account, { user, pass }) =>
      edit((config) => void config.accounts[account]?.users.push({ user, password: pass })),
    async allow(role, isAllowed) {
      if (isAllowed) allowed.add(role)
      else allowed.delete(role)
      const held = Object.fromEntries([...allowed].map((each) => [each, credentials[each]]))
      await edit((config) => void Object.assign(config, { accounts: accountsConfig(held) }))
    },
    open,
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(buses.map((bus) => bus[Symbol.asyncDispose]()))
      for (const node of nodes) await kill9(node)
      for (const road of roads) await road[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
