/*
 * S1 What is acknowledged is stored by most of its stream's copies. What is not may be stored or lost, so it is sent again until it is
 *    acknowledged or `awayMs` are over (a leader that dies takes with it what it had not replicated: nats-server#3402).
 * S2 What is sent again is stored once: by its message id within `duplicateWindowMs`; by its subject, which takes one message, in an object
 *    store; by the sequence that it expects, in a bucket (kv.ts).
 * S3 It is sent again without waiting for `requestMs`: while somebody else listens on the subject a publisher is told nothing of a leader's
 *    death, and each try that waits may miss the next leader by as much.
 * S4 Without room nothing is dropped: it waits, says so, and goes on.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { JetStreamApiError, type PubAck } from '@nats-io/jetstream'
import { headers } from 'nats'
import { z } from 'zod'
import type { EventMessage, PayloadOf, WorkMessage } from '../schemas/message.ts'
import { versionTag } from './envelope.ts'
import { reasonOf, TerminalError } from './errors.ts'
import { type Cause, formatSender, header, type Sender, traceparentFor } from './headers.ts'
import type { Link } from './link.ts'
import type { Logger } from './logger.ts'
import { eventSubject, logStreamOf, workSubject } from './subjects.ts'

export type Published = { duplicate: boolean; seq: number }

/** Where an event goes. `id` is deterministic and unique in the run; the same id again is a duplicate, not a second message. */
export type EventTarget = { runId: string; id: string; cause?: Cause }
/** `variant`: the queue of whoever is to work on it. */
export type WorkTarget = EventTarget & { variant: string }

export type PublishOptions = {
  /** Called with true when a full log makes publishing wait, and with false when it goes on. */
  onPaused?: (paused: boolean, reason: string) => void
  /** Ends the waiting for room. */
  signal: AbortSignal
  /** Names the stream, where it is away. */
  about?: string
}

/** The header room of a message: ids and names are short. */
const headerBytes = 4096

/** The whole message id: the run's id and the caller's. */
const messageId = (runId: string, id: string) => `${runId}.${id}`

/**
 * Checks the payload, sends it, and waits until it is stored. While the log is full it waits and tries again: nothing is
 * dropped. While the server is away it tries again, as long as the limits allow; the deterministic id makes that safe.
 */
export async function publish<M extends WorkMessage | EventMessage>(
  link: Link,
  from: Sender,
  message: M,
  to: EventTarget & { variant?: string },
  payload: PayloadOf<M>,
  options: PublishOptions & { log: Logger },
): Promise<Published> {
  const subject =
    message.kind === 'work' ? workSubject(message, to.runId, to.variant ?? '') : eventSubject(message, to.runId)
  const parsed = message.schema.safeParse(payload)
  if (!parsed.success) {
    throw new TerminalError(`${message.name} does not match its schema: ${z.prettifyError(parsed.error)}`)
  }
  const body = JSON.stringify(parsed.data)
  const maxBytes = (link.nc.info?.max_payload ?? 1024 ** 2) - headerBytes
  const bytes = Buffer.byteLength(body)
  if (bytes > maxBytes) {
    throw new TerminalError(
      `${message.name} of ${bytes} bytes exceeds ${maxBytes}; put its content into the object store`,
    )
  }
  const id = messageId(to.runId, to.id)
  const sent = headers()
  sent.set(header.traceparent, traceparentFor(to.runId, id, to.cause))
  if (to.cause) sent.set(header.cause, to.cause.id)
  sent.set(header.from, formatSender(from))
  sent.set(header.message, versionTag(message))
  const write = () => link.js.publish(subject, body, { msgID: id, headers: sent })
  const ack = await whenThereIsRoom(link, write, { ...options, about: `stream ${logStreamOf[message.account]}` })
  options.log.debug({ type: message.name, run: to.runId, id, bytes, duplicate: ack.duplicate }, 'published')
  return { duplicate: ack.duplicate, seq: ack.seq }
}

/** Repeats a write that the server refuses for want of room (S4), with pauses of up to 5 s, until the signal fires. */
export async function whenThereIsRoom(
  link: Pick<Link, 'askRepeatedly'>,
  write: () => Promise<PubAck>,
  options: PublishOptions,
): Promise<PubAck> {
  let paused = false
  for (let pauseMs = 200; ; pauseMs = Math.min(pauseMs * 2, 5000)) {
    try {
      const ack = await link.askRepeatedly(write, options.about)
      if (paused) options.onPaused?.(false, 'there is room again')
      return ack
    } catch (error) {
      if (!isFull(error) || options.signal.aborted) throw error
      if (!paused) options.onPaused?.(true, reasonOf(error))
      paused = true
      await sleep(pauseMs, undefined, { signal: options.signal })
    }
  }
}

/** Error codes: 10077 store failed (two meanings, by the text), 10047 and 10023 server out of room, 10002 account out of room. */
function isFull(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false
  if ([10047, 10023, 10002].includes(error.code)) return true
  return error.code === 10077 && !isHeld(error)
}

/** The subject holds its one message already: the write was done before. */
export function isHeld(error: unknown): boolean {
  return (
    error instanceof JetStreamApiError &&
    error.code === 10077 &&
    error.message.includes('messages per subject exceeded')
  )
}
