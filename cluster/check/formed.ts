import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { bareConnection, inboxPrefix, type Login, type TlsFiles } from '../../bus/mod.ts'
import { reasonOf, UserError } from '../../schemas/user-error.ts'
import type { Cluster } from '../cluster-file.ts'
import { type ClusterFinding, fault, hasFault, ok, warning } from './finding.ts'
import type { Server } from './reach.ts'

const Reply = z.object({ data: z.unknown() })
const Varz = z.object({ now: z.coerce.date(), version: z.string() })
const Routez = z.object({ routes: z.array(z.object({ remote_name: z.string().optional() })).nullish() })
const Jsz = z.object({
  storage: z.number(),
  config: z.object({ max_storage: z.number() }),
  meta_cluster: z
    .object({
      leader: z.string().optional(),
      cluster_size: z.number(),
      replicas: z.array(z.object({ name: z.string(), offline: z.boolean().optional() })).optional(),
    })
    .optional(),
})

export type ServerFacts = {
  server: Server
  /** Milliseconds that the server's clock is ahead of this one. */
  clockMs: number
  routes: string[]
  storage: { used: number; most: number }
  meta: z.infer<typeof Jsz>['meta_cluster']
}

export const requestMs = 5000
/** Clocks that are further apart than this are a fault: what expires, and what comes before what, is judged by them. */
const faultClockMs = 3000
const warnClockMs = 1000
/** The share of its room from which a store counts as full. */
export const fullFrom = 0.95

/** Asks each server as the user of the system account. @throws BusSetupError, and Error where it does not answer */
async function serverFactsOf(server: Server, system: Login, tls: TlsFiles | undefined): Promise<ServerFacts> {
  const nc = await bareConnection({ server: server.url, login: system, inboxPrefix: inboxPrefix('operator'), tls })
  try {
    const ask = async <S extends z.ZodType>(what: string, schema: S): Promise<z.infer<S>> => {
      const subject = `$SYS.REQ.SERVER.${server.greeting.server_id}.${what}`
      const reply = await nc.request(subject, '', { timeout: requestMs })
      return schema.parse(Reply.parse(reply.json()).data)
    }
    const before = Date.now()
    const { now } = await ask('VARZ', Varz)
    const middle = (before + Date.now()) / 2
    const { routes } = await ask('ROUTEZ', Routez)
    const { storage, config, meta_cluster: meta } = await ask('JSZ', Jsz)
    return {
      server,
      clockMs: now.getTime() - middle,
      routes: [...new Set((routes ?? []).flatMap(({ remote_name: name }) => name ?? []))].sort(),
      storage: { used: storage, most: config.max_storage },
      meta,
    }
  } finally {
    await nc.close()
  }
}

/** Servers that were just started find each other and elect a leader within this. */
const formingMs = 15_000
const lookAgainMs = 500

/** Whether the servers know each other, elect a leader, agree on the time, and have room. */
export async function checkFormed(
  cluster: Cluster,
  servers: readonly Server[],
  system: Login,
  tls: TlsFiles | undefined,
): Promise<ClusterFinding[]> {
  const look = (server: Server) =>
    serverFactsOf(server, system, tls).then(
      (facts) => ({ findings: judge(cluster, facts), isAnswered: true }),
      (error: unknown) => {
        const place = { where: server.host.name, what: 'cluster' }
        const finding =
          error instanceof UserError
            ? fault(place, error.what, reloadFix(server.host.name))
            : fault(place, `it does not answer its system account: ${reasonOf(error)}`, 'Look into its log.')
        return { findings: [finding], isAnswered: false }
      },
    )
  for (const until = performance.now() + formingMs; ; await sleep(lookAgainMs)) {
    const looks = await Promise.all(servers.map(look))
    const isForming = looks.every(({ isAnswered }) => isAnswered) && hasFault(looks.flatMap(({ findings }) => findings))
    if (!isForming || performance.now() > until) return looks.flatMap(({ findings }) => findings)
  }
}

export const reloadFix = (host: string) =>
  `Copy hosts/${host}/users.conf to it, and reload it (systemctl reload nats-server, or nats-server --signal reload).`

/** What is wrong with one server, from what it says of itself. */
export function judge({ hosts, ports, copies, id }: Cluster, facts: ServerFacts): ClusterFinding[] {
  const where = facts.server.host.name
  return [formed(), room(), clock()]

  function formed(): ClusterFinding {
    const place = { where, what: 'cluster' }
    const missing = hosts.filter(({ name }) => name !== where && !facts.routes.includes(name)).map(({ name }) => name)
    if (missing.length > 0)
      return fault(
        place,
        `no route to ${missing.join(', ')}`,
        `Open port ${ports.routes} between the hosts. Where it is open, the log of ${where} says why (a certificate, or another cluster than ${id}).`,
      )
    if (hosts.length === 1) return ok(place, 'one server alone')
    const { leader, cluster_size: size, replicas = [] } = facts.meta ?? { cluster_size: 0 }
    if (!leader)
      return fault(
        place,
        'JetStream has no leader',
        `More than half of ${hosts.length} servers have to run: start the others.`,
      )
    const away = replicas.filter(({ offline }) => offline).map(({ name }) => name)
    if (size - away.length < copies)
      return fault(
        place,
        `${copies} copies need ${copies} servers, and JetStream has ${size - away.length}${away.length > 0 ? ` (away: ${away.join(', ')})` : ''}`,
        'Start the others, and look into their logs; or make a cluster with fewer --copies.',
      )
    return ok(place, `routes to ${facts.routes.join(', ')}; JetStream is led by ${leader}, of ${size} servers`)
  }

  function room(): ClusterFinding {
    const place = { where, what: 'storage' }
    const { used, most } = facts.storage
    const share = most > 0 ? used / most : 1
    const detail = `${Math.round(100 * share)} % of ${Math.round(most / 1024 ** 3)} GB`
    if (share < fullFrom) return ok(place, detail)
    return fault(
      place,
      `it is full: ${detail}`,
      'Raise max_file_store in its nats.conf and restart it, or remove old runs.',
    )
  }

  function clock(): ClusterFinding {
    const place = { where, what: 'clock' }
    const seconds = Math.abs(facts.clockMs / 1000).toFixed(1)
    const detail = `${seconds} s ${facts.clockMs < 0 ? 'behind' : 'ahead of'} this host`
    const fix = 'Set the time on both with one source (chrony, systemd-timesyncd).'
    if (Math.abs(facts.clockMs) > faultClockMs) return fault(place, detail, fix)
    return Math.abs(facts.clockMs) > warnClockMs ? warning(place, detail, fix) : ok(place, detail)
  }
}
