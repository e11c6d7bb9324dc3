/*
 * Q1 A pull waits at one server, the consumer's leader, and dies with it, unannounced. So the server gives a sign of life every
 *    `heartbeatMs`, and a pull that has had none for twice as long is made anew (nats-server#4624: clients that waited for a dead node for
 *    ever).
 * Q2 Where no leader is there, or another one came, each status ends the pull, which is made again at once (nats.go#2063: one did not).
 * Q3 A message that was handed over and not acknowledged comes again after the ack wait, from whichever leader. What the old leader handed
 *    over last, the new one may not know: it hands it out once more, so handlers are idempotent (W5).
 */
import { type Msg, nanos, type Subscription } from 'nats'
import type { Link } from './link.ts'
import { atMost } from './retry.ts'

/** A durable consumer that messages come through. */
export type ConsumerRef = { link: Link; stream: string; durable: string }

/** A message as delivered. `attempt` counts deliveries from 1, `seq` is its place in the stream. */
export type Delivery<D extends ConsumerRef = ConsumerRef> = {
  consumer: D
  message: Msg
  reply: string
  attempt: number
  seq: number
}

const expiresMs = 10_000
/** After this the server has surely said that the pull expired, or it is away. */
const patienceMs = expiresMs + 2000
const missingMs = 500
/** At most half of `expiresMs`. Two of them that are missed are less than the shortest election (4 s). */
const heartbeatMs = 1500
/** How long a stop waits for the server to take a pull back; one that is away has dropped it already. */
const withdrawMs = 1000

/** Called with each answer of a consumer: null where it is there, else the status that came in place of one (503: nobody answers). */
export type OnAnswer = (status: number | null, consumer: ConsumerRef) => void

/**
 * Takes exactly one message (W1), from whichever door has one. With several doors it first looks behind each in turn; when
 * all are empty it waits at all of them, and the first message withdraws the others. What they sent in that same moment is
 * given back at once, for another worker, which costs that message one of its deliveries.
 * Null when no message came in time, the signal fired, or the server was away.
 */
export async function pullOne<D extends ConsumerRef>(
  consumers: readonly D[],
  signal: AbortSignal,
  onAnswer: OnAnswer = () => {},
): Promise<Delivery<D> | null> {
  if (consumers.length > 1) {
    const first = Math.floor(Math.random() * consumers.length)
    for (const consumer of [...consumers.slice(first), ...consumers.slice(0, first)]) {
      const delivery = await ask([consumer], { no_wait: true }, signal, onAnswer)
      if (delivery || signal.aborted) return delivery
    }
  }
  return ask(consumers, { expires: nanos(expiresMs), idle_heartbeat: nanos(heartbeatMs) }, signal, onAnswer)
}

async function ask<D extends ConsumerRef>(
  consumers: readonly D[],
  how: { no_wait: true } | { expires: number; idle_heartbeat: number },
  signal: AbortSignal,
  onAnswer: OnAnswer,
): Promise<Delivery<D> | null> {
  if (signal.aborted) return null
  const { promise, resolve } = Promise.withResolvers<Delivery<D> | null>()
  let settled = false
  const settle = (delivery: Delivery<D> | null) => {
    settled = true
    resolve(delivery)
  }
  const giveUp = () => settle(null)
  const timer = setTimeout(giveUp, patienceMs)
  const lives = consumers.map(() => setTimeout(giveUp, 2 * heartbeatMs))
  signal.addEventListener('abort', giveUp, { once: true })
  const open: Subscription[] = []
  try {
    for (const link of new Set(consumers.map((consumer) => consumer.link))) {
      const here = consumers.filter((consumer) => consumer.link === link)
      const inbox = link.newInbox()
      const onMessage = (error: Error | null, message: Msg) => {
        const delivery = error ? null : readDelivery(here, message)
        if (!delivery) {
          // 100: a sign of life. 404: empty; 408: expired. Anything else: the consumer is not there, and is asked again after a pause.
          const code = message?.headers?.code
          const isThere = code === 100 || code === 404 || code === 408
          const asked = consumers[Number(message?.subject.slice(inbox.length + 1))]
          if (asked && !signal.aborted) onAnswer(isThere ? null : (code ?? 503), asked)
          if (asked && code === 100) lives[consumers.indexOf(asked)]?.refresh()
          else if (!settled) setTimeout(giveUp, isThere ? 0 : missingMs)
        } else if (settled) link.nc.publish(delivery.reply, '-NAK')
        else {
          onAnswer(null, delivery.consumer)
          settle(delivery)
        }
      }
      open.push(link.nc.subscribe(`${inbox}.*`, { callback: onMessage }))
      const body = JSON.stringify({ batch: 1, ...how })
      for (const consumer of here) {
        const reply = `${inbox}.${consumers.indexOf(consumer)}`
        link.nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${consumer.stream}.${consumer.durable}`, body, { reply })
      }
    }
    return await promise
  } finally {
    for (const each of [timer, ...lives]) clearTimeout(each)
    signal.removeEventListener('abort', giveUp)
    const withdrawn = Promise.all(open.map(withdraw))
    // A loop that has stopped must not be given anything more: the server has to know before the stop is said (W3).
    if (signal.aborted) await atMost(withdrawn, withdrawMs).catch(() => {})
  }
}

/** Draining notifies the server first and then handles what was under way; without interest the server drops the pull. */
async function withdraw(subscription: Subscription): Promise<void> {
  if (!subscription.isClosed()) await subscription.drain().catch(() => subscription.unsubscribe())
}

function readDelivery<D extends ConsumerRef>(consumers: readonly D[], message: Msg): Delivery<D> | null {
  const info = message.reply === undefined ? null : readAckSubject(message.reply)
  const consumer = consumers.find(({ durable }) => durable === info?.consumer)
  if (!consumer || !info || message.reply === undefined) return null
  return { consumer, message, reply: message.reply, attempt: info.attempt, seq: info.seq }
}

/**
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>`, or with a domain and an account
 * hash after ACK (https://github.com/nats-io/nats-architecture-and-design, ADR-15).
 */
function readAckSubject(subject: string): { consumer: string; attempt: number; seq: number } | null {
  const tokens = subject.split('.')
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK') return null
  const [, consumer = '', attempt, seq] = tokens.slice(tokens.length >= 11 ? 4 : 2)
  return { consumer, attempt: Number(attempt), seq: Number(seq) }
}
