import { createLog } from '../agents/kit/log.ts'
import type { Bus, ClusterState } from '../bus/mod.ts'
import { joinServer } from '../launcher/bus-server.ts'
import { textTable } from '../launcher/console/terminal.ts'
import { connectOperator } from '../launcher/session.ts'
import { withBus } from '../launcher/with-bus.ts'
import { present } from '../schemas/present.ts'
import { printable, printableJson } from '../schemas/printable.ts'
import { type NodePresence, nodesOn } from './node/presence.ts'

/** A server as its streams and consumers show it: servers say more of themselves to administrators alone. */
export type ServerLine = {
  server: string
  leads: number
  copies: number
  /** Copies that do not hold all that their leader has. */
  behind: number
  state: 'up' | 'away' | 'not seen'
}

export type ClusterStatus = ClusterState & {
  servers: ServerLine[]
  nodes: NodePresence[]
  /** What is not as it should be. */
  troubles: string[]
}

/** Everything that the operator may see of a cluster. */
async function clusterStatusOf(bus: Bus): Promise<ClusterStatus> {
  const [state, nodes] = await Promise.all([bus.clusterState(), nodesOn(bus)])
  const whole = { ...state, servers: serversIn(state), nodes }
  return { ...whole, troubles: clusterTroubles(whole, bus.limits.clockOffsetMs) }
}

/** The servers that hold anything, and the one that answers. */
export function serversIn({ server, streams, consumers }: ClusterState): ServerLine[] {
  const all = [...streams, ...consumers]
  const copies = all.flatMap((each) => each.copies)
  const names = [...new Set([server.name, ...copies.map((copy) => copy.server)])].filter(Boolean).sort()
  return names.map((name) => {
    const own = copies.filter((copy) => copy.server === name)
    const isAway = own.length > 0 && own.every(({ offline }) => offline)
    return {
      server: name,
      leads: all.filter(({ leader }) => leader === name).length,
      copies: own.length,
      behind: own.filter(({ inSync }) => !inSync).length,
      state: isAway ? 'away' : name === server.name || own.length > 0 ? 'up' : 'not seen',
    }
  })
}

/** What an operator has to look at. `clockLimitMs`: how far clocks may be off. */
export function clusterTroubles(
  { servers, streams, consumers, nodes }: Omit<ClusterStatus, 'troubles'>,
  clockLimitMs: number,
): string[] {
  const isClustered = streams.some(({ copies }) => copies.length > 0)
  const headless = isClustered ? [...streams, ...consumers].filter(({ leader }) => leader === null) : []
  const codes = [...new Set(nodes.map(({ code }) => code))]
  const off = nodes.filter(({ clockOffsetMs }) => Math.abs(clockOffsetMs) > clockLimitMs)
  return present([
    servers.filter(({ state }) => state === 'away').map(({ server }) => `server ${server} is away`),
    headless.map(({ account, name }) => `${name} of ${account} has no leader: it takes and gives nothing`),
    servers
      .filter(({ state, behind }) => state === 'up' && behind > 0)
      .map(({ server, behind }) => `server ${server} is behind its leaders with ${behind} copies`),
    codes.length > 1 && `nodes have different code: ${codes.join(', ')}`,
    off.map(({ node, clockOffsetMs }) => `the clock of node ${node} is ${clockOffsetMs / 1000} s off the servers'`),
    nodes.flatMap(({ node, troubles, notes }) => [...troubles, ...notes].map((each) => `node ${node}: ${each}`)),
  ])
}

const unseen =
  'Connections, load and disks of the servers are seen by the system account, and by the monitoring port of each host ' +
  '(docs/cluster.md); no role of Syllabus may ask for them.'

const inSync = (copies: ClusterState['streams'][number]['copies']) =>
  copies.length === 0 ? '1 of 1' : `${copies.filter((copy) => copy.inSync && !copy.offline).length} of ${copies.length}`

const rolesText = (roles: NodePresence['roles']) =>
  Object.entries(roles)
    .map(([role, { least, most, now }]) => `${now} ${role}${least === most ? '' : ` (${least}..${most})`}`)
    .join(', ')

/**
 * Prints the status of the cluster that a join file of the operator names, or the environment.
 * @throws UsageError, BusSetupError
 */
export async function clusterStatus(file: string | undefined, { json }: { json: boolean }): Promise<void> {
  const line = (text: string) => console.error(printable(text))
  if (file === undefined) return withBus((bus) => printStatus(bus, json), { line })
  const log = createLog({ role: 'operator' }, { level: process.env.SYLLABUS_LOG_LEVEL ?? 'error' })
  await using server = await joinServer(file)
  await using bus = await connectOperator(server, log, { line })
  await printStatus(bus, json)
}

async function printStatus(bus: Bus, json: boolean): Promise<void> {
  const status = await clusterStatusOf(bus)
  if (json) return console.log(printableJson(status))
  const { server, servers, streams, consumers, nodes, troubles } = status
  const section = (title: string, records: readonly Readonly<Record<string, unknown>>[], none: string) =>
    console.log(`\n${title}\n${records.length > 0 ? textTable(records) : none}`)
  console.log(
    printable(`cluster ${server.cluster ?? '(one server)'}; ${server.name} answers, nats-server ${server.version}`),
  )
  section('servers', servers, 'none')
  section(
    'streams',
    streams.map(({ copies, ...stream }) => ({ ...stream, 'in sync': inSync(copies) })),
    'none yet: the first run makes them',
  )
  const busy = consumers.filter(({ pending, unacknowledged }) => pending + unacknowledged > 0)
  section(
    `backlog of ${consumers.length} consumers`,
    busy.map(({ copies, ...consumer }) => ({ ...consumer, 'in sync': inSync(copies) })),
    'nothing waits',
  )
  section(
    'nodes',
    nodes.map(({ node, host, roles, serves, code, clockOffsetMs }) => ({
      node,
      host,
      agents: rolesText(roles),
      serves: serves.join(', '),
      code,
      'clock off by': `${clockOffsetMs} ms`,
    })),
    'none is up',
  )
  console.log(`\n${unseen}`)
  if (troubles.length > 0) console.log(printable(`\nto look at\n${troubles.map((each) => `- ${each}`).join('\n')}`))
}
