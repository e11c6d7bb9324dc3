import type { ConsumerInfo, StreamInfo } from '@nats-io/jetstream'
import { millis } from 'nats'
import { type Account, accounts } from '../schemas/role.ts'
import { consumersOf, withMessages } from './backlog.ts'
import type { Link } from './link.ts'
import { bucketStream, bucketsOf, deadStreamOf, logAccounts, logStreamOf, objectStreamOf } from './subjects.ts'
import { consumerNotFound, noneWhere, streamInfo } from './topology.ts'

/** A copy of a stream or consumer on a server: whether it holds all that the leader has, and by how many operations it is behind. */
type Copy = { server: string; inSync: boolean; offline: boolean; behind: number }

/** What a server says of the cluster to a role that is no administrator. */
export type ClusterState = {
  /** The server that answers this connection. */
  server: { name: string; version: string; cluster: string | null; otherAddresses: string[] }
  streams: { account: Account; name: string; leader: string | null; messages: number; bytes: number; copies: Copy[] }[]
  /** Of the logs: who works on what, and what waits there. */
  consumers: {
    account: Account
    name: string
    leader: string | null
    pending: number
    unacknowledged: number
    redelivered: number
    copies: Copy[]
  }[]
}

/** Messages of a consumer that wait or are worked on; 0 where there is no such consumer, so that nobody scales out for it. */
export async function waitingAt(link: Link, stream: string, durable: string): Promise<number> {
  const info = await link.askRepeatedly(
    () => link.jsm.consumers.info(stream, durable).catch(noneWhere(consumerNotFound)),
    `consumer ${durable}`,
  )
  return info ? info.num_pending + info.num_ack_pending : 0
}

/** A bucket that every role may look at. */
const lookedAt = bucketStream('nodes')

/** How long a presence is believed; null before a command of the operator has made the streams, those of this version included. */
export async function presenceTtlMs(link: Link): Promise<number | null> {
  const info = await streamInfo(link, lookedAt)
  return info && millis(info.config.max_age)
}

const samples = 3

/**
 * How far the servers' clock is ahead of this machine's. A server writes its time into each answer about a stream; the answer with the
 * shortest way there and back is the one that says it best: offset = time of the server - (asked + answered) / 2.
 */
export async function clockOffsetMs(link: Link): Promise<number> {
  let [shortest, offset] = [Number.POSITIVE_INFINITY, 0]
  for (let sample = 0; sample < samples; sample++) {
    const askedAt = Date.now()
    const startedAt = performance.now()
    const { ts } = await link.ask(() => link.jsm.streams.info(lookedAt), `stream ${lookedAt}`)
    const tookMs = performance.now() - startedAt
    if (ts === undefined || tookMs >= shortest) continue
    shortest = tookMs
    offset = Date.parse(ts) - (askedAt + tookMs / 2)
  }
  return Math.round(offset)
}

const streamsOf = (account: Account): string[] => {
  const log = logAccounts.find((each) => each === account)
  return [
    ...(log ? [logStreamOf[log], deadStreamOf[log]] : []),
    objectStreamOf[account],
    ...bucketsOf(account).map(bucketStream),
  ]
}

function copiesOf({ cluster }: Pick<StreamInfo, 'cluster'> | Pick<ConsumerInfo, 'cluster'>): Copy[] {
  const leader = cluster?.leader ? [{ server: cluster.leader, inSync: true, offline: false, behind: 0 }] : []
  const others = (cluster?.replicas ?? []).map(({ name, current, offline = false, lag = 0 }) => ({
    server: name,
    inSync: current,
    offline,
    behind: lag,
  }))
  return [...leader, ...others]
}

/** Reads the state of all that a role may see; what is not made yet is left out. */
export async function clusterState(links: readonly Link[]): Promise<ClusterState> {
  const streams = links.flatMap((link) =>
    streamsOf(link.account).map(async (name) => {
      const info = await streamInfo(link, name)
      if (!info) return []
      const { messages, bytes } = info.state
      const leader = info.cluster?.leader ?? null
      return [{ account: link.account, name, leader, messages, bytes, copies: copiesOf(info) }]
    }),
  )
  const consumers = withMessages(links).map(async (link) => {
    return (await consumersOf(link)).map((info) => ({
      account: link.account,
      name: info.name,
      leader: info.cluster?.leader ?? null,
      pending: info.num_pending,
      unacknowledged: info.num_ack_pending,
      redelivered: info.num_redelivered,
      copies: copiesOf(info),
    }))
  })
  const {
    server_name: name = '',
    version = '',
    cluster = null,
    connect_urls: otherAddresses = [],
  } = links[0]?.nc.info ?? {}
  return {
    server: { name, version, cluster, otherAddresses },
    streams: (await Promise.all(streams)).flat().sort(inOrder),
    consumers: (await Promise.all(consumers)).flat().sort(inOrder),
  }
}

type Placed = { account: Account; name: string }
const inOrder = (one: Placed, other: Placed) =>
  accounts.indexOf(one.account) - accounts.indexOf(other.account) || one.name.localeCompare(other.name)
