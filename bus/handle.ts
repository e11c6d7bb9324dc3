import { nanos } from 'nats'
import type { WorkMessage } from '../schemas/message.ts'
import { decode, isServerCopy } from './envelope.ts'
import { RetryError, reasonOf, StoppingError, TerminalError, UnfitError } from './errors.ts'
import { type Cause, header } from './headers.ts'
import type { Logger } from './logger.ts'
import type { ConsumerRef, Delivery } from './pull.ts'
import { parseSubject } from './subjects.ts'

/** The consumer of one work message. */
export type WorkConsumerRef = ConsumerRef & { message: WorkMessage }

/** What a handler knows about its message. */
export type HandlerContext = {
  runId: string
  /** The whole message id, the run's id included. */
  id: string
  /** Place in the log. */
  seq: number
  /** 1 for the first delivery. */
  attempt: number
  /** This message as the cause of others: hand it to `publish`. */
  cause: Cause
  /** Fires when the process must stop and the time to drain is used up; the message is then given back. */
  signal: AbortSignal
  /** An extra heartbeat; the loop sends one by itself every third of the ack wait. */
  working(): void
  log: Logger
}

/** done: acknowledged. dead: never again, a dead letter. again: comes again. back: given back at a stop. */
export type Outcome = 'done' | 'dead' | 'again' | 'back'

/** How the handling of one message ended, and how long it took; `error` is what its handler threw. */
export type Handled = { outcome: Outcome; ms: number; reason?: string | undefined; error?: unknown }

export type AnyHandler = (payload: unknown, context: HandlerContext) => Promise<void>

/** Handles one message: parse, heartbeat (W2), handler, and the answer to the server (W4); one log line. */
export async function handleOne(
  delivery: Delivery<WorkConsumerRef>,
  handler: AnyHandler,
  signal: AbortSignal,
  log: Logger,
): Promise<Handled> {
  const { consumer, message, attempt, seq } = delivery
  const { nc, askRepeatedly, limits } = consumer.link
  const startedAt = performance.now()
  const id = message.headers?.get(header.messageId) ?? ''
  const runId = parseSubject(message.subject)?.runId ?? ''
  const line = { type: consumer.message.name, run: runId, id, attempt }
  // W6: the newest delivery is answered.
  const answer = (text: string) =>
    askRepeatedly(() => nc.request(delivery.reply, text, { timeout: limits.requestMs }), `stream ${consumer.stream}`)
  const working = () => {
    if (!nc.isClosed()) nc.publish(delivery.reply, '+WPI')
  }
  const heartbeat = setInterval(working, consumer.message.delivery.ackWaitMs / 3)
  let outcome: Outcome
  let reason: string | undefined
  let error: unknown
  try {
    const cause = { id, traceparent: message.headers?.get(header.traceparent) ?? '' }
    const context: HandlerContext = { runId, id, seq, attempt, cause, signal, working, log }
    await handler(read(delivery), context)
    outcome = 'done'
    await answer('+ACK')
  } catch (thrown) {
    error = thrown
    const next = judge(error, delivery, signal)
    outcome = next.outcome
    reason = next.reason
    await answer(next.answer).catch((fault: unknown) =>
      log.error({ ...line, reason: reasonOf(fault) }, 'the server did not take the answer; the message comes again'),
    )
  } finally {
    clearInterval(heartbeat)
  }
  const ms = performance.now() - startedAt
  const write = outcome === 'done' ? log.info : log.warn
  write.call(log, { ...line, ms: Math.round(ms), outcome, ...(reason === undefined ? {} : { reason }) }, 'handled')
  return { outcome, ms, reason, error }
}

function read(delivery: Delivery<WorkConsumerRef>): unknown {
  const { subject, headers, data } = delivery.message
  if (isServerCopy(headers)) throw new TerminalError('forged: the server copied this message here on a client’s behalf')
  const decoded = decode(subject, headers, data)
  if (!decoded.ok) throw new TerminalError(`does not parse: ${decoded.reason}`)
  return decoded.payload
}

function judge(error: unknown, delivery: Delivery<WorkConsumerRef>, signal: AbortSignal) {
  const { maxDeliver, backoffMs } = delivery.consumer.message.delivery
  const reason = error instanceof UnfitError ? `${error.message}. ${error.fix}` : reasonOf(error)
  const term = (text: string) => ({ outcome: 'dead' as const, reason: text, answer: `+TERM ${oneLine(text)}` })
  if (error instanceof TerminalError) return term(reason)
  // Also at a stop: the server would find out at the next delivery, and who goes on sends a dead letter again at once.
  if (delivery.attempt >= maxDeliver) return term(`gave up after ${delivery.attempt} deliveries: ${reason}`)
  if (signal.aborted || error instanceof StoppingError) return { outcome: 'back' as const, reason, answer: '-NAK' }
  const backoff = backoffMs[Math.min(delivery.attempt, backoffMs.length) - 1] ?? 0
  const afterMs = error instanceof RetryError ? (error.afterMs ?? backoff) : backoff
  const answer = afterMs > 0 ? `-NAK ${JSON.stringify({ delay: nanos(afterMs) })}` : '-NAK'
  return { outcome: 'again' as const, reason, answer }
}

/** A reason travels in one protocol line; long ones (a list of schema faults) are cut. */
const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').slice(0, 1000)
