/**
 * The work loop. Its invariants, cited in the code and in the tests' names:
 * W1 one pulled message per free slot: no worker holds a message that it is not working on.
 * W2 a heartbeat every third of the ack wait while a handler runs.
 * W3 stop in two steps: intake ends and handlers may finish (draining), then what still runs is aborted and given back
 *    (stopped); only after that may the connection be drained.
 * W4 a terminated or exhausted message becomes a dead letter that can be listed and redriven.
 * W5 each publish has a deterministic message id, and handlers are idempotent beyond the duplicate window.
 * W6 a message that comes again while it is worked on here, as after the death of its consumer's leader, is not begun a second time: the
 *    work goes on under the newest delivery.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { TroubleDelays } from '../schemas/bus-limits.ts'
import { fixOf } from '../schemas/user-error.ts'
import { reasonOf, UnfitError } from './errors.ts'
import { type AnyHandler, type Handled, handleOne, type WorkConsumerRef } from './handle.ts'
import type { Logger } from './logger.ts'
import type { ProcessFigures } from './presence.ts'
import { type Delivery, type OnAnswer, pullOne } from './pull.ts'
import { createTroubles, type Troubles } from './troubles.ts'

export type LoopState = 'running' | 'draining' | 'stopped'

export type WorkLoop = AsyncDisposable & {
  readonly state: LoopState
  /** Ids of the messages being worked on. */
  readonly handling: readonly string[]
  /** When the last message was taken. */
  readonly lastMessageAt: Date | null
  /** What it has handled so far. */
  readonly handled: ProcessFigures['handled']
  /** Resolves when the loop has stopped. Never rejects. */
  readonly done: Promise<void>
  /** Drains, then stops; resolves when stopped. */
  stop(): Promise<void>
}

export type LoopOptions = {
  /** Messages worked on at the same time. */
  slots: number
  /** Starts the stop. */
  signal: AbortSignal
  /** How long running handlers may take to finish after a stop began. */
  drainMs?: number
  /** How long they may take to give back what they did not finish, once that time is used up. */
  graceMs?: number
  /** Whether the handlers wait for something that is away: then a stop gives their messages back at once. */
  isStalled?: () => boolean
  onState?: (state: LoopState) => void
  /** Where it is noted that messages come back again and again, or that a consumer is not there. */
  troubles?: Troubles
  troubleDelays?: TroubleDelays
}

/** How long a slot takes nothing after a message that this process is not fit for; doubled with each in a row. */
const unfitMs = 500
const longestUnfitMs = 10_000

/** Works on what comes through the doors, with the handler of each message's name, until it is stopped. */
export function startLoop(
  consumers: readonly WorkConsumerRef[],
  handlers: ReadonlyMap<string, AnyHandler>,
  options: LoopOptions,
  log: Logger,
): WorkLoop {
  const stop = new AbortController()
  const force = new AbortController()
  const handling = new Map<string, Delivery<WorkConsumerRef>>()
  const counts: ProcessFigures['handled'] = {}
  let state: LoopState = 'running'
  let lastMessageAt: Date | null = null
  // A lost connection loses the pulls that waited on it: they are asked again at once.
  let round = new AbortController()
  for (const link of new Set(consumers.map((consumer) => consumer.link))) {
    link.onReconnect(() => {
      round.abort()
      round = new AbortController()
    }, force.signal)
  }

  const setState = (next: LoopState) => {
    state = next
    options.onState?.(next)
  }

  const watch = watchWork(options.troubles ?? createTroubles(), options.troubleDelays)
  const runSlot = async () => {
    let pauseMs = unfitMs
    while (!stop.signal.aborted) {
      const delivery = await pullOne(consumers, AbortSignal.any([stop.signal, round.signal]), watch.answered)
      if (!delivery) continue
      lastMessageAt = new Date()
      const key = `${delivery.consumer.message.name} ${delivery.seq}`
      const inHand = handling.get(key)
      if (inHand) {
        Object.assign(inHand, { attempt: delivery.attempt, reply: delivery.reply })
        log.info({ handling: key, attempt: delivery.attempt }, 'came again while it is worked on')
        continue
      }
      handling.set(key, delivery)
      try {
        const handler = handlers.get(delivery.consumer.message.name)
        if (!handler) throw new Error(`no handler for ${delivery.consumer.message.name}`)
        const handled = await handleOne(delivery, handler, force.signal, log)
        watch.handled(delivery, handled)
        count(counts, delivery.consumer.message.name, handled)
        if (!(handled.error instanceof UnfitError)) pauseMs = unfitMs
        else {
          await sleep(pauseMs, undefined, { signal: stop.signal }).catch(() => {})
          pauseMs = Math.min(2 * pauseMs, longestUnfitMs)
        }
      } finally {
        handling.delete(key)
      }
    }
  }
  const keepSlot = async () => {
    while (!stop.signal.aborted) {
      await runSlot().catch(async (error: unknown) => {
        log.error({ reason: reasonOf(error) }, 'a slot failed and starts again')
        await sleep(500)
      })
    }
  }

  const slots = Promise.all(Array.from({ length: options.slots }, keepSlot)).then(() => {})
  const finish = async () => {
    await new Promise<void>((resolve) => {
      if (options.signal.aborted) return resolve()
      options.signal.addEventListener('abort', () => resolve(), { once: true })
      stop.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    setState('draining')
    stop.abort()
    if (!(await within(slots, options.drainMs ?? 10_000, options.isStalled))) {
      log.warn(
        { handling: [...handling.keys()] },
        'handlers are aborted: the time to drain is used up, or they wait for what is away',
      )
      force.abort()
      await within(slots, options.graceMs ?? 2000)
    }
    force.abort()
    watch.stop()
    setState('stopped')
  }
  const done = finish()

  return {
    get state() {
      return state
    },
    get handling() {
      return [...handling.keys()]
    },
    get lastMessageAt() {
      return lastMessageAt
    },
    handled: counts,
    done,
    async stop() {
      stop.abort()
      await done
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await done
    },
  }
}

function count(counts: ProcessFigures['handled'], name: string, { outcome, ms }: Handled): void {
  counts[name] ??= { done: 0, again: 0, back: 0, dead: 0, seconds: 0 }
  counts[name][outcome] += 1
  counts[name].seconds += ms / 1000
}

const pollMs = 100

/** Whether the promise settled before the time was up, or its signal fired. */
async function within(promise: Promise<void>, ms: number, isStalled = () => false): Promise<boolean> {
  const over = new AbortController()
  const until = performance.now() + ms
  const timeout = async () => {
    for (let left = ms; left > 0 && !isStalled(); left = until - performance.now()) {
      await sleep(Math.min(pollMs, left), undefined, { signal: over.signal })
    }
    return false
  }
  const settled = await Promise.race([promise.then(() => true), timeout().catch(() => false)])
  over.abort()
  return settled
}

/** Messages of a kind that come back in a row before it is reported: one alone may pass by itself. */
const inARow = 2

/** Finds out what keeps a work loop from its work, from how its messages end and what its consumers answer, and sets it as a trouble. */
function watchWork(troubles: Troubles, { consumerMs, givenBackMs } = TroubleDelays.parse({})) {
  const failed = new Map<string, { times: number; over: NodeJS.Timeout }>()
  const missingSince = new Map<string, number>()

  const forget = (name: string) => {
    clearTimeout(failed.get(name)?.over)
    failed.delete(name)
    troubles.set(`message ${name}`, null)
  }

  return {
    handled({ consumer, attempt }: Delivery<WorkConsumerRef>, { outcome, reason = '', error }: Handled): void {
      const { name } = consumer.message
      if (outcome === 'done' || outcome === 'dead') forget(name)
      if (outcome !== 'again') return
      const before = failed.get(name)
      clearTimeout(before?.over)
      const times = (before?.times ?? 0) + 1
      failed.set(name, { times, over: setTimeout(() => forget(name), givenBackMs).unref() })
      const isUnfit = error instanceof UnfitError
      if (!isUnfit && Math.max(times, attempt) < inARow) return
      const fix = fixOf(error)
      troubles.set(`message ${name}`, {
        code: 'given-back',
        text: `gives back each ${name}: ${isUnfit ? error.message : reason}`,
        ...(fix && { fix }),
      })
    },
    answered: ((status, { stream, durable }) => {
      if (status === null) {
        if (missingSince.delete(durable) && missingSince.size === 0) troubles.set('consumers', null)
        return
      }
      const since = missingSince.get(durable) ?? performance.now()
      missingSince.set(durable, since)
      if (performance.now() - since < consumerMs) return
      const text = `is handed nothing: its consumers of the stream ${stream} do not answer (${status})`
      const fix = 'Where the server is there, its consumers were removed: the next start of a session makes them.'
      troubles.set('consumers', { code: 'server-away', text, fix })
    }) satisfies OnAnswer,
    stop() {
      for (const { over } of failed.values()) clearTimeout(over)
    },
  }
}
