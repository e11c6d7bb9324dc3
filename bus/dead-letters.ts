import { JetStreamApiError } from '@nats-io/jetstream'
import { headers } from 'nats'
import { z } from 'zod'
import { parseJson } from '../schemas/bounded-json.ts'
import { TerminalError } from './errors.ts'
import { header } from './headers.ts'
import type { Link } from './link.ts'
import { type StoredEntry, toEntry } from './log.ts'
import { type Delivery, pullOne } from './pull.ts'
import { deadStreamOf, type LogAccount, logStreamOf } from './subjects.ts'
import { noneWhere, streamNotFound } from './topology.ts'

/** A message that is not delivered any more, and why (W4). */
export type DeadLetter = {
  /** `LAB-12`: the account and the place in its stream of dead letters. */
  id: string
  account: LogAccount
  at: string
  kind: 'terminated' | 'exhausted'
  reason: string
  deliveries: number
  consumer: string
  /** Place of the message in the log. */
  seq: number
  /** Null once the message was purged. */
  message: StoredEntry | null
}

/** https://docs.nats.io: io.nats.jetstream.advisory.v1.terminated and .max_deliver */
const Advisory = z.object({
  type: z.string(),
  timestamp: z.string(),
  consumer: z.string(),
  stream_seq: z.number().int().positive(),
  deliveries: z.number().int(),
  reason: z.string().optional(),
})

const accountOf = (link: Link): LogAccount | null => (link.account === 'VAULT' ? null : link.account)

/** What the server's notice says; null for one that it did not write. */
function readAdvisory(data: Uint8Array): z.infer<typeof Advisory> | null {
  try {
    return Advisory.parse(parseJson(new TextDecoder().decode(data)))
  } catch {
    return null
  }
}

async function read(link: Link, account: LogAccount, seq: number, data: Uint8Array): Promise<DeadLetter | null> {
  const advisory = readAdvisory(data)
  if (!advisory) return null
  const ask = { seq: advisory.stream_seq }
  const stored = await link.askRepeatedly(
    () => link.jsm.streams.getMessage(logStreamOf[account], ask),
    `stream ${logStreamOf[account]}`,
  )
  const terminated = advisory.type.endsWith('.terminated')
  return {
    id: `${account}-${seq}`,
    account,
    at: advisory.timestamp,
    kind: terminated ? 'terminated' : 'exhausted',
    reason:
      advisory.reason ??
      (terminated ? 'terminated' : `not acknowledged in ${advisory.deliveries} deliveries: the worker died or hung`),
    deliveries: advisory.deliveries,
    consumer: advisory.consumer,
    seq: advisory.stream_seq,
    message: stored && toEntry(stored, 0),
  }
}

/** All dead letters of the accounts at hand, oldest first. Needs the operator's credentials. */
export async function listDead(links: readonly Link[]): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  for (const link of links) {
    const account = accountOf(link)
    if (!account) continue
    const stream = deadStreamOf[account]
    for (let seq = 1; ; ) {
      const ask = { seq, next_by_subj: '>' }
      const next = () => link.jsm.streams.getMessage(stream, ask).catch(noneWhere(streamNotFound))
      const stored = await link.askRepeatedly(next, `stream ${stream}`)
      if (!stored) break
      const letter = await read(link, account, stored.seq, stored.data)
      if (letter) letters.push(letter)
      seq = stored.seq + 1
    }
  }
  return letters
}

const redriven = (id: string, account: string, seq: number): string => `${id}.redrive-${account}-${seq}`

/** The id that a message had before it was sent again as a dead letter; of any other its own. */
export function firstId(id: string): string {
  for (let first = id; ; ) {
    const at = first.lastIndexOf('.redrive-')
    if (at < 0 || !/^\.redrive-[A-Z]+-\d+$/.test(first.slice(at))) return first
    first = first.slice(0, at)
  }
}

/** A deletion that is repeated after a lost answer finds nothing (10043): it was done. */
function unlessGone(error: unknown): boolean {
  if (error instanceof JetStreamApiError && error.code === 10_043) return true
  throw error
}

/**
 * Sends the message of a dead letter again, as a new message of the same content whose header names the dead letter, and
 * takes the dead letter off the list. Redriving twice sends once. @throws TerminalError when there is nothing to send
 */
export async function redriveDead(links: readonly Link[], id: string): Promise<void> {
  const [name, seqText] = id.split('-')
  const link = links.find(({ account }) => account === name)
  const account = link && accountOf(link)
  const seq = Number(seqText)
  if (!link || !account || !Number.isInteger(seq)) throw new TerminalError(`"${id}" is not the id of a dead letter`)
  const [log, dead] = [logStreamOf[account], deadStreamOf[account]]
  const find = () => link.jsm.streams.getMessage(dead, { seq }).catch(noneWhere(streamNotFound))
  const advisory = await link.askRepeatedly(find, `stream ${dead}`)
  if (!advisory) throw new TerminalError(`there is no dead letter ${id}; it was redriven or has expired`)
  const letter = await read(link, account, seq, advisory.data)
  if (!letter) throw new TerminalError(`dead letter ${id} cannot be read`)
  const stored = await link.askRepeatedly(() => link.jsm.streams.getMessage(log, { seq: letter.seq }), `stream ${log}`)
  if (!stored) throw new TerminalError(`the message of dead letter ${id} was purged`)
  const sent = headers()
  for (const [key, values] of stored.header) for (const value of values) sent.append(key, value)
  sent.set(header.redrive, id)
  const msgID = redriven(stored.header.get(header.messageId), account, seq)
  sent.set(header.messageId, msgID)
  await link.askRepeatedly(
    () => link.js.publish(stored.subject, stored.data, { msgID, headers: sent }),
    `stream ${log}`,
  )
  await link.ask(() => link.jsm.streams.deleteMessage(dead, seq).catch(unlessGone), `stream ${dead}`)
}

/** Dead letters as they arise, each once per variant of the reading role: it counts as delivered when the next is asked for. */
export async function* followDead(link: Link, durable: string, signal: AbortSignal): AsyncGenerator<DeadLetter> {
  const account = accountOf(link)
  if (!account) return
  const consumer = { link, stream: deadStreamOf[account], durable }
  while (!signal.aborted) {
    const delivery: Delivery<typeof consumer> | null = await pullOne([consumer], signal)
    if (!delivery) continue
    const letter = await read(link, account, delivery.seq, delivery.message.data)
    if (letter) yield letter
    await link.askRepeatedly(() => link.nc.request(delivery.reply, '+ACK', { timeout: link.limits.requestMs }))
  }
}
