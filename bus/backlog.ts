import type { ConsumerInfo } from '@nats-io/jetstream'
import type { Link } from './link.ts'
import { deadStreamOf, type LogAccount, logStreamOf, parseSubject } from './subjects.ts'
import { noneWhere, streamInfo, streamNotFound } from './topology.ts'

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

type LogLink = Link & { account: LogAccount }

/** The connections to accounts that carry messages. */
export const withMessages = (links: readonly Link[]): LogLink[] =>
  links.filter((link): link is LogLink => link.account !== 'VAULT')

/** The consumers of an account's log; none where there is no log. */
export function consumersOf({ account, ask, jsm }: LogLink): Promise<ConsumerInfo[]> {
  const stream = logStreamOf[account]
  const list = () =>
    Array.fromAsync(jsm.consumers.list(stream)).catch((error: unknown) => noneWhere(streamNotFound)(error) ?? [])
  return ask(list, `stream ${stream}`)
}

/** What waits behind every consumer of work; a stream or a consumer that is not there has nothing. */
export async function listBacklog(links: readonly Link[]): Promise<Backlog[]> {
  const found = withMessages(links).map(async (link) => (await consumersOf(link)).flatMap(backlogOf))
  return (await Promise.all(found)).flat()
}

/** Its filter names role, queue and message; a consumer without one is none of work. */
function backlogOf({ config, num_pending: pending, num_ack_pending: unacknowledged }: ConsumerInfo): Backlog[] {
  const { to, name } = parseSubject(config.filter_subject ?? '') ?? {}
  return to && name ? [{ role: to.role, queue: to.variant, message: name, pending, unacknowledged }] : []
}

export async function listStreams(links: readonly Link[]): Promise<StreamFacts[]> {
  const found = withMessages(links).map(async (link) => {
    const { account } = link
    const [log, dead] = await Promise.all([
      streamInfo(link, logStreamOf[account]),
      streamInfo(link, deadStreamOf[account]),
    ])
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
