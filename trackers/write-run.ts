import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bus, Logger } from '../bus/mod.ts'
import { FileHeldError, holdFile } from '../machine/held-file.ts'
import type { PayloadOf } from '../schemas/message.ts'
import { StatusChanged } from '../schemas/messages/run.ts'
import type { TrackerLimits } from '../schemas/session-limits.ts'
import { reasonOf } from '../schemas/user-error.ts'
import { positionFile, readTrackerPosition, type TrackerPosition, writeTrackerPosition } from './position.ts'
import { createRecordReader, type RecordReader, type TrackedRecord } from './record.ts'
import type { Tracker } from './tracker.ts'

/*
 * W1 The log is the queue: a tracker that cannot be reached holds up its own reader alone, and costs no row.
 * W2 The position is written once the tracker has taken what lies before it, so that a process that is killed loses nothing; what it
 *    sends a second time is the same, with the same times, and replaces or repeats nothing (each tracker says how).
 * W3 A tracker that takes nothing is reported in one line, once a run, and tried again with pauses.
 * W4 The end of a command waits for what is left, `flushMs` at most. `syllabus track` writes the rest.
 */

/** A file of a run that is over, such as its report. */
export type RunFile = { path: string; text: string }

export type WriteOptions = Pick<TrackerLimits, 'records' | 'longestPauseMs' | 'flushMs'> & {
  bus: Pick<Bus, 'log' | 'streams'>
  runId: string
  /** Where positions are kept. */
  home: string
  log: Logger
  /** Where a person sees it. */
  line: (text: string) => void
  /** The files of a run that is over, read once it is. */
  files: () => Promise<readonly RunFile[]>
}

export type Writing = {
  /** Writes what is there, and gives whether the tracker has all of it, and where it is seen. */
  finish(): Promise<{ isAll: boolean; hint: string }>
}

const firstPauseMs = 500
/** Between two looks at the log. */
const lookMs = 1000

/** Writes a run to a tracker from where that was left, until `finish`. Null: another process writes it. */
export async function writeRun<State>(tracker: Tracker<State>, options: WriteOptions): Promise<Writing | null> {
  const { bus, runId, home, log, line, flushMs } = options
  await using opening = new AsyncDisposableStack()
  const file = positionFile(home, tracker.name, runId)
  await mkdir(dirname(file), { recursive: true })
  try {
    opening.use(await holdFile(`${file}.lock`))
  } catch (error) {
    if (!(error instanceof FileHeldError)) throw error
    log.info({ tracker: tracker.name, runId }, 'another process writes this run to the tracker')
    return null
  }
  const created = (await bus.streams()).find(({ account }) => account === 'LAB')?.created ?? ''
  const position = await readTrackerPosition(file, tracker, created, line)
  const closing = new AbortController()
  const givingUp = new AbortController()
  const writer = createWriter(tracker, options, { file, position, closing: closing.signal, givingUp: givingUp.signal })
  const writing = writer.follow().catch((error: unknown) => {
    if (!givingUp.signal.aborted) line(`${tracker.name}: this run is not written any more: ${reasonOf(error)}`)
    return false
  })
  const stack = opening.move()
  return {
    async finish() {
      closing.abort()
      const timer = setTimeout(() => givingUp.abort(), flushMs)
      const isAll = await writing
      clearTimeout(timer)
      await stack.disposeAsync()
      return { isAll, hint: writer.hint() }
    },
  }
}

type Place<State> = { file: string; position: TrackerPosition<State>; closing: AbortSignal; givingUp: AbortSignal }

function createWriter<State>(
  tracker: Tracker<State>,
  { bus, runId, records: atMost, longestPauseMs, log, line, files }: WriteOptions,
  { file, position, closing, givingUp }: Place<State>,
) {
  const reader = createRecordReader()
  let isReported = false
  let status: (PayloadOf<typeof StatusChanged> & { at: string }) | null = null
  let read = 1

  const report = (text: string) => {
    log.warn({ tracker: tracker.name, runId }, text)
    if (!isReported) line(text)
    isReported = true
  }

  /** Until they are taken; false where it was given up before. */
  async function deliver(records: readonly TrackedRecord[], next: Partial<TrackerPosition<State>>): Promise<boolean> {
    const { config } = reader
    if (records.length > 0 && config)
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
        // A state that was half changed when it failed is none.
        const state = structuredClone(position.state)
        const sent = await tracker.send(records, config, state, givingUp)
        if (sent.outcome !== 'failed') position.state = state
        if (sent.outcome === 'taken') break
        if (sent.outcome === 'refused') {
          report(`${tracker.name}: ${tracker.target} refuses a part of the run (${sent.reason}); the run goes on`)
          break
        }
        if (givingUp.aborted) return false
        report(
          `${tracker.name}: ${tracker.target} takes nothing (${sent.reason}), and is tried again; no row is lost by that`,
        )
        const over = AbortSignal.any([givingUp, closing])
        await sleep(pauseMs, undefined, { signal: over.aborted ? givingUp : over }).catch(() => {})
      }
    Object.assign(position, next)
    await writeTrackerPosition(file, position)
    return true
  }

  /** Records of messages that were not taken yet, as many as are sent at once. */
  async function readOn(reader: RecordReader): Promise<TrackedRecord[]> {
    const found: TrackedRecord[] = []
    for await (const entry of bus.log({ runId, fromSeq: read, follow: false, signal: givingUp })) {
      const own = reader.recordsOf(entry)
      read = entry.seq + 1
      if (entry.name === StatusChanged.name && entry.parseError === undefined)
        status = { ...StatusChanged.schema.parse(entry.payload), at: entry.at }
      if (entry.seq >= position.next) found.push(...own)
      if (found.length >= atMost) break
    }
    return found
  }

  /** The report, and that all series are over. */
  async function end({ at }: { at: string }, isFinished: boolean): Promise<boolean> {
    const artefacts = (await files()).map(
      ({ path, text }): TrackedRecord => ({ kind: 'artefact', series: '', at, path, text }),
    )
    return deliver([...artefacts, ...reader.ends(at, isFinished)], { ended: true })
  }

  return {
    hint: (): string => (reader.config ? tracker.hint(reader.config) : tracker.target),
    /** True once all is taken and `closing` has fired. */
    async follow(): Promise<boolean> {
      while (!givingUp.aborted) {
        const isLast = closing.aborted
        const before = read
        const found = await readOn(reader)
        if (givingUp.aborted) return false
        if (read > before && read > position.next && !(await deliver(found, { next: read }))) return false
        if (read > before) continue
        if (isLast) {
          const isOver = status !== null && (status.status === 'finished' || status.status === 'failed')
          return !isOver || position.ended || end(status!, status!.status === 'finished')
        }
        await sleep(lookMs, undefined, { signal: closing }).catch(() => {})
      }
      return false
    },
  }
}
