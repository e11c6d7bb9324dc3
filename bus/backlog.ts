import type { ConsumerInfo } from '@nats-io/jetstream'
import type { Link } from './link.ts'
import { deadStreamOf, type LogAccount, logStreamOf, parseSubject } from './subjects.ts'
import { noneWhere, streamNotFound } from './topology.ts'

/** What waits behind one consumer. */
export type Backlog = {
  role: string
  queue: string
  /** The message's name. */
  message: string
  /** Not handed to anybody yet. */
  pending: number
  /** In somebody's hand, or given back and to come again. */
  unacknowledged: number
}

/** The streams of one account that carries messages. */
export type StreamFacts = {
  account: LogAccount
  /** When the log was made, which tells it from one that was made anew. */
  created: string
  lastSeq: number
  bytes: number
  maxBytes: number
  deadLetters: number
}

const withMessages = (links: readonly Link[]): (Link & { account: LogAccount })[] =>
  links.filter((link): link is Link & { account: LogAccount } => link.account !== 'VAULT')

/** What waits behind every consumer of work; a stream or a consumer that is not there has nothing. */
export async function listBacklog(links: readonly Link[]): Promise<Backlog[]> {
  const found = withMessages(links).map(async (link) => {
    const stream = logStreamOf[link.account]
    const list = () =>
      Array.fromAsync(link.jsm.consumers.list(stream)).catch((error: unknown) => noneWhere(streamNotFound)(error) ?? [])
    return (await link.ask(list, `stream ${stream}`)).flatMap(backlogOf)
  })
  return (await Promise.all(found)).flat()
}

/** Its filter names role, queue and message; a consumer without one is none of work. */
function backlogOf({ config, num_pending: pending, num_ack_pending: unacknowledged }: ConsumerInfo): Backlog[] {
  const { to, name } = parseSubject(config.filter_subject ?? '') ?? {}
  return to && name ? [{ role: to.role, queue: to.variant, message: name, pending, unacknowledged }] : []
}

export async function listStreams(links: readonly Link[]): Promise<StreamFacts[]> {
  const found = withMessages(links).map(async ({ account, ask, jsm }) => {
    const infoOf = (stream: string) =>
      ask(() => jsm.streams.info(stream).catch(noneWhere(streamNotFound)), `stream ${stream}`)
    const [log, dead] = await Promise.all([infoOf(logStreamOf[account]), infoOf(deadStreamOf[account])])
    if (!log) return []
    const { state, config, created } = log
    return [
      {
        account,
        created,
        lastSeq: state.last_seq,
        bytes: state.bytes,
        maxBytes: config.max_bytes,
        deadLetters: dead?.state.messages ?? 0,
      },
    ]
  })
  return (await Promise.all(found)).flat()
}
