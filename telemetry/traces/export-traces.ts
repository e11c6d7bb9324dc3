import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { atMost, type Bus, heldValues, type Logger } from '../../bus/mod.ts'
import { FileHeldError, holdFile } from '../../machine/held-file.ts'
import type { TelemetryLimits } from '../../schemas/session-limits.ts'
import { reasonOf } from '../../schemas/user-error.ts'
import type { MetricSample } from '../metric-table.ts'
import { readPosition, writePosition } from './position.ts'
import type { Receiver, Sent } from './receiver.ts'
import { createRunIndex, type RunIndex } from './run-index.ts'
import { type MessageSpan, spanOf } from './span.ts'

/*
 * T1 The log is the queue: the spans of one request are in memory, and a receiver that cannot be reached holds up this reader alone.
 * T2 The position is written once the receiver has taken what lies before it. So a process that is killed loses nothing, and what is sent a
 *    second time has the same ids.
 * T3 A receiver that takes nothing is reported in one line, once a command, and tried again with pauses.
 * T4 The end of a command waits for what is left: a hundredth of the time that it took, `leastFlushMs` at least and `flushMs` at most; and
 *    not at all for a receiver that takes nothing.
 */

type Limits = Pick<TelemetryLimits, 'spansPerRequest' | 'longestPauseMs' | 'leastFlushMs' | 'flushMs'>

export type TracesOptions = Limits & {
  bus: Pick<Bus, 'log' | 'streams' | 'kv'>
  receiver: Receiver
  /** Where the position is kept. */
  home: string
  withContent: boolean
  log: Logger
  /** Where a person sees it. */
  line: (text: string) => void
}

export type Traces = AsyncDisposable & { samples(): MetricSample[] }

const firstPauseMs = 1000
/** Between two looks at the log. */
const lookMs = 1000
/** What messages of one request may hold together. */
const mostBytes = 4 * 1024 ** 2

/** Exports all runs' messages as spans, from where the last export of this log ended, until it is disposed. Null: another process does. */
export async function exportTraces(options: TracesOptions): Promise<Traces | null> {
  const { receiver, home, log, line, leastFlushMs, flushMs } = options
  await using stack = new AsyncDisposableStack()
  try {
    stack.use(await holdFile(join(home, 'traces.lock')))
  } catch (error) {
    if (!(error instanceof FileHeldError)) throw error
    log.info({}, 'another process of this home exports the traces')
    return null
  }
  const startedAt = performance.now()
  const closing = new AbortController()
  const givingUp = new AbortController()
  const sender = createSender(options, closing.signal)
  // Before anything is published that is to be exported.
  const place = await resume(options)
  const exporting = follow(options, place, sender, closing.signal, givingUp.signal).catch((error: unknown) => {
    if (!givingUp.signal.aborted) line(`traces are not exported any more: ${reasonOf(error)}`)
    return false
  })
  stack.defer(async () => {
    closing.abort()
    const hundredth = (performance.now() - startedAt) / 100
    const isDone = await atMost(exporting, Math.min(flushMs, Math.max(leastFlushMs, hundredth)))
    givingUp.abort()
    if (!isDone) sender.report(`traces: ${receiver.name} has not taken all of them yet; ${goesOn}`)
    await atMost(exporting, leastFlushMs)
  })
  const owned = stack.move()
  return { samples: sender.samples, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Exports until `closing` fires and all is exported; false where it was given up before. */
async function follow(
  options: TracesOptions,
  { created, index, next: first }: Place,
  sender: Sender,
  closing: AbortSignal,
  givingUp: AbortSignal,
): Promise<boolean> {
  const { bus, home, log } = options
  let next = first
  while (!givingUp.aborted) {
    const isLast = closing.aborted
    try {
      const batch = await readBatch(bus, index, next, options, givingUp)
      if (givingUp.aborted) break
      if (batch.next > next) {
        if (!(await sender.deliver(batch.spans, givingUp))) return false
        next = batch.next
        await writePosition(home, { created, next, from: index.firstOpenSeq ?? next, roots: index.roots })
        continue
      }
    } catch (error) {
      if (isLast) throw error
      log.warn({ reason: reasonOf(error) }, 'the log was not read for traces')
    }
    if (isLast) return true
    await sleep(lookMs, undefined, { signal: closing }).catch(() => {})
  }
  return false
}

type Place = { created: string; index: RunIndex; next: number }

/** Where the last export ended. The first one of a log begins with the runs that are not finished. */
async function resume({ bus, home, line }: TracesOptions): Promise<Place> {
  const log = (await bus.streams()).find(({ account }) => account === 'LAB')
  if (!log) throw new Error('the server has no log')
  const before = await readPosition(home, log.created, line)
  const index = createRunIndex(before?.roots)
  const next = before?.next ?? (await firstUnfinished(bus)) ?? log.lastSeq + 1
  // Also where nothing is taken this time, the next time goes on from here.
  if (!before) await writePosition(home, { created: log.created, next, from: next, roots: {} })
  const signal = new AbortController().signal
  if (before)
    for await (const entry of bus.log({ fromSeq: before.from, follow: false, signal })) {
      if (entry.seq >= next) break
      index.place(entry)
    }
  return { created: log.created, index, next }
}

const RunState = z.looseObject({ phase: z.string() })

async function firstUnfinished(bus: Pick<Bus, 'kv' | 'log'>): Promise<number | null> {
  const states = await heldValues(bus.kv('runs', RunState))
  const seqs: number[] = []
  const signal = new AbortController().signal
  for (const held of states) {
    if (!('value' in held) || held.value.phase === 'done') continue
    for await (const { seq } of bus.log({ runId: held.key, follow: false, signal })) {
      seqs.push(seq)
      break
    }
  }
  return seqs.length > 0 ? Math.min(...seqs) : null
}

/** The spans of what lies in the log from a place on, as many as one request holds. */
export async function readBatch(
  bus: Pick<Bus, 'log'>,
  index: RunIndex,
  fromSeq: number,
  { spansPerRequest, withContent, runId }: Pick<TracesOptions, 'spansPerRequest' | 'withContent'> & { runId?: string },
  signal: AbortSignal,
): Promise<{ spans: MessageSpan[]; next: number }> {
  const spans: MessageSpan[] = []
  let next = fromSeq
  let bytes = 0
  try {
    for await (const entry of bus.log({ ...(runId !== undefined && { runId }), fromSeq, follow: false, signal })) {
      const place = index.place(entry)
      if (place) spans.push(spanOf(entry, place, withContent))
      next = entry.seq + 1
      bytes += withContent ? entry.bytes : 0
      if (spans.length >= spansPerRequest || bytes >= mostBytes) break
    }
  } catch (error) {
    // What was read until then has its place, and is read no second time.
    if (next === fromSeq) throw error
  }
  return { spans, next }
}

type Sender = ReturnType<typeof createSender>

const goesOn = 'no row is lost by that, and the next command that runs agents here sends the rest'

/** Delivers spans until they are taken; gives up only once `closing` has fired, or at the signal. */
function createSender(
  { receiver, longestPauseMs, log, line }: Pick<TracesOptions, 'receiver' | 'longestPauseMs' | 'log' | 'line'>,
  closing: AbortSignal,
) {
  const counts = { exported: 0, refused: 0, failed: 0 }
  let isReported = false
  const report = (text: string) => {
    log.warn({ receiver: receiver.name }, text)
    if (isReported) return
    isReported = true
    line(text)
  }

  const refuse = (spans: number, reason: string) => {
    counts.refused += spans
    report(`traces: ${receiver.name} refuses ${spans} spans (${reason}); they are not sent again, and the run goes on`)
  }

  /** Spans that are refused for what they hold are sent in halves, so that one costs no other. */
  async function deliver(spans: readonly MessageSpan[], signal: AbortSignal): Promise<boolean> {
    if (spans.length === 0) return true
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      const sent: Sent = await receiver.send(spans, signal)
      if (sent.outcome === 'taken') {
        counts.exported += spans.length - sent.rejected
        if (sent.rejected > 0) refuse(sent.rejected, 'partial success')
        return true
      }
      if (sent.outcome === 'refused' && spans.length > 1) {
        const half = Math.ceil(spans.length / 2)
        return (await deliver(spans.slice(0, half), signal)) && (await deliver(spans.slice(half), signal))
      }
      if (sent.outcome === 'refused') {
        refuse(1, sent.reason)
        return true
      }
      if (signal.aborted) return false
      counts.failed += 1
      report(`traces: ${receiver.name} takes none (${sent.reason}), and is tried again; ${goesOn}`)
      if (closing.aborted) return false
      const over = AbortSignal.any([signal, closing])
      await sleep(Math.min(sent.afterMs ?? pauseMs, longestPauseMs), undefined, { signal: over }).catch(() => {})
    }
  }

  return {
    deliver,
    report,
    samples: (): MetricSample[] => [
      { name: 'syllabus_traces_exported_spans_total', value: counts.exported },
      { name: 'syllabus_traces_refused_spans_total', value: counts.refused },
      { name: 'syllabus_traces_failed_requests_total', value: counts.failed },
    ],
  }
}

/** Exports one run, finished or not. Gives how many spans the receiver took; null where it took none of some. */
export async function exportRunTraces(
  runId: string,
  options: Pick<
    TracesOptions,
    'bus' | 'receiver' | 'withContent' | 'log' | 'line' | 'spansPerRequest' | 'longestPauseMs'
  >,
  signal: AbortSignal,
): Promise<number | null> {
  const index = createRunIndex()
  const sender = createSender(options, AbortSignal.abort())
  let spans = 0
  for (let next = 1; ; ) {
    const batch = await readBatch(options.bus, index, next, { ...options, runId }, signal)
    if (batch.next === next) return spans
    if (!(await sender.deliver(batch.spans, signal))) return null
    spans += batch.spans.length
    next = batch.next
  }
}
