/*
 * L1 Entries come in the order of the log, each once, without a gap: a reader asks for what follows the place it has reached, and every
 *    copy holds a beginning of the log.
 * L2 Any copy answers, also one that is behind (direct gets; nats-server#4171, #6557). Whoever follows sees the rest a moment later.
 * L3 Whoever reads to the end is not shown less than the leader held at that time: in a cluster the entries are counted, and what is
 *    missing is asked for again. Only a reader that starts in the middle has nothing to count by.
 * L4 A server that goes in the middle of an answer, or is away, is waited for; the part of the answer that came is dropped and read again.
 */
import type { StoredMsg } from '@nats-io/jetstream'
import { errors, type QueuedIterator } from 'nats'
import type { LogEntry } from '../schemas/log-entry.ts'
import { decode, isServerCopy } from './envelope.ts'
import { header, parseSender } from './headers.ts'
import type { Link } from './link.ts'
import { logPrefixOf, logStreamOf, parseSubject } from './subjects.ts'

/** An entry as it lies on the bus. */
export type StoredEntry = LogEntry & { subject: string; runId: string; traceparent: string; bytes: number }

export type LogOptions = {
  /** All runs when left out. */
  runId?: string
  /** First place in the log to read; the beginning when left out. */
  fromSeq?: number
  /** Whether to go on with new messages after the last one. */
  follow: boolean
  signal: AbortSignal
}

const batch = 256
const maxIdleMs = 1000

/**
 * Reads the log in order. It asks for stored messages by place and creates no consumer on the server: a reader needs no
 * right that could write, and cannot hold the agents up. A core subscription wakes it when something new arrives.
 */
export async function* readLog(link: Link, options: LogOptions): AsyncGenerator<StoredEntry> {
  const { signal } = options
  const filter = `${logPrefixOf.LAB}.${options.runId ?? '*'}.>`
  let seq = options.fromSeq ?? 1
  let count = 0
  let idleMs = 0
  let wake = () => {}
  const onWake = () => {
    idleMs = 0
    wake()
  }
  const subscription = options.follow ? link.nc.subscribe(filter, { callback: onWake }) : null
  signal.addEventListener('abort', onWake)
  try {
    while (!signal.aborted) {
      const found = await link.askRepeatedly(() => readBatch(link, filter, seq), `stream ${logStreamOf.LAB}`)
      for (const stored of found) {
        if (signal.aborted) return
        seq = stored.seq + 1
        count++
        yield toEntry(stored)
      }
      if (found.length > 0) continue
      // L3
      const isCounted = link.isClustered && (options.fromSeq ?? 1) <= 1
      if (!options.follow && !(isCounted && count < (await countOf(link, filter)))) return
      // Woken before the message is stored, it looks again soon; otherwise ever more rarely.
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      idleMs = Math.min(Math.max(5, idleMs * 2), maxIdleMs)
      const timer = setTimeout(resolve, idleMs)
      await promise
      clearTimeout(timer)
    }
  } finally {
    signal.removeEventListener('abort', onWake)
    subscription?.unsubscribe()
  }
}

/** Entries that the leader holds. */
async function countOf(link: Link, filter: string): Promise<number> {
  const stream = logStreamOf.LAB
  const info = () => link.jsm.streams.info(stream, { subjects_filter: filter })
  const { state } = await link.askRepeatedly(info, `stream ${stream}`)
  return Object.values(state.subjects ?? {}).reduce((sum, each) => sum + each, 0)
}

/**
 * One answer of many messages. Its end is waited for with a bound: where the server goes in its middle, the client's own iterator would
 * wait for ever.
 * @throws TimeoutError
 */
async function readBatch(link: Link, filter: string, seq: number): Promise<StoredMsg[]> {
  const found: StoredMsg[] = []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const silent = setTimeout(() => reject(new errors.TimeoutError()), link.limits.requestMs)
  const callback = (end: { err?: Error } | null, stored: StoredMsg) => {
    silent.refresh()
    if (!end) found.push(stored)
    else if (end.err) reject(end.err)
    else resolve()
  }
  const ask = { seq, next_by_subj: filter, batch, callback }
  const answer = (await link.jsm.direct.getBatch(logStreamOf.LAB, ask)) as QueuedIterator<StoredMsg>
  try {
    await promise
  } catch (error) {
    // 404: nothing from this place on.
    if (!(error instanceof Error && 'code' in error && error.code === 404)) throw error
  } finally {
    clearTimeout(silent)
    // It keeps its subscription until it is stopped.
    answer.stop()
  }
  return found
}

/** A stored message as an entry; `copies` is how many server-copy headers its way here added. */
export function toEntry(stored: StoredMsg, copies = 1): StoredEntry {
  const parts = parseSubject(stored.subject)
  const decoded = decode(stored.subject, stored.header, stored.data)
  const forged = isServerCopy(stored.header, copies)
  const error = forged ? 'forged: the server copied this message here on a client’s behalf' : undefined
  return {
    seq: stored.seq,
    at: stored.time.toISOString(),
    subject: stored.subject,
    runId: parts?.runId ?? '',
    name: parts?.name ?? '',
    ...(parts?.to ? { to: parts.to } : {}),
    from: parseSender(stored.header.get(header.from)),
    id: stored.header.get(header.messageId),
    cause: stored.header.get(header.cause) || null,
    traceparent: stored.header.get(header.traceparent),
    payload: decoded.ok ? decoded.payload : decoded.raw,
    ...(error || !decoded.ok ? { parseError: error ?? (decoded.ok ? '' : decoded.reason) } : {}),
    bytes: stored.data.length,
  }
}
