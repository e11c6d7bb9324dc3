import type { StoredEntry } from '../bus/mod.ts'
import { describe } from '../schemas/describe.ts'
import type { ServerFrame } from './frames.ts'
import type { LogSource } from './presence.ts'
import { summarise, viewedText } from './summary.ts'

/*
 * The frames of the runs that somebody watches, made once for all who watch.
 * F1 One ordered reader reads a run for all its viewers. It acknowledges nothing, and waits for none of them.
 * F2 The newest frames are held, `heldBytes` at most. A viewer that is behind these reads the log itself until it has come to them.
 * F3 A reader that fails fails those who wait for it; the next viewer begins another. It ends with the last viewer of its run.
 */

/** A message as a viewer is sent it. */
export type HeldFrame = { seq: number; data: Buffer }

export type WatchedRun = Disposable & {
  /** The frames from a number on: as far as the log goes now or, followed, until the signal fires. */
  read(from: { fromSeq: number; follow: boolean; signal: AbortSignal }): AsyncGenerator<HeldFrame>
}

export type RunFrames = {
  /** `fromSeq`: from where on the viewer wants the run. */
  watch(runId: string, fromSeq: number): WatchedRun
  /** Resolves when no reader is left. */
  ended(): Promise<void>
}

type Options = { heldBytes: number; signal: AbortSignal }

export function createRunFrames(bus: LogSource, { heldBytes, signal }: Options): RunFrames {
  const readers = new Map<string, Reader>()
  const reading = new Set<Promise<void>>()

  function readerOf(runId: string, fromSeq: number): Reader {
    const known = readers.get(runId)
    if (known) return known
    const reader = startReader(bus, { runId, fromSeq, heldBytes, signal })
    readers.set(runId, reader)
    const done = reader.done.finally(() => {
      reading.delete(done)
      if (readers.get(runId) === reader) readers.delete(runId)
    })
    reading.add(done)
    return reader
  }

  return {
    watch(runId, fromSeq) {
      const reader = readerOf(runId, fromSeq)
      reader.viewers += 1
      return {
        read: (from) => framesFrom(bus, runId, reader, from),
        [Symbol.dispose]() {
          reader.viewers -= 1
          if (reader.viewers > 0) return
          if (readers.get(runId) === reader) readers.delete(runId)
          reader.stop()
        },
      }
    },
    async ended() {
      await Promise.all(reading)
    },
  }
}

async function* framesFrom(
  bus: LogSource,
  runId: string,
  reader: Reader,
  { fromSeq, follow, signal }: { fromSeq: number; follow: boolean; signal: AbortSignal },
): AsyncGenerator<HeldFrame> {
  let last = fromSeq - 1
  signal.addEventListener('abort', reader.wake)
  try {
    while (!signal.aborted) {
      const target = reader.droppedTo()
      if (last < target) {
        for await (const entry of bus.log({ runId, fromSeq: last + 1, follow: false, signal })) {
          yield frameOf(entry)
          last = entry.seq
          if (last >= reader.droppedTo()) break
        }
        // What is not in the log any more is not waited for.
        last = Math.max(last, signal.aborted ? last : target)
        continue
      }
      const frame = reader.after(last)
      if (frame) {
        last = frame.seq
        yield frame
        continue
      }
      const failure = reader.failure()
      if (failure) throw failure.error
      if (!follow && reader.isCaughtUp()) return
      await reader.moved()
    }
  } finally {
    signal.removeEventListener('abort', reader.wake)
  }
}

type Reader = ReturnType<typeof startReader>

function startReader(
  bus: LogSource,
  { runId, fromSeq, heldBytes, signal: outer }: Options & { runId: string; fromSeq: number },
) {
  const stopped = new AbortController()
  const signal = AbortSignal.any([outer, stopped.signal])
  const frames: HeldFrame[] = []
  let bytes = 0
  let droppedTo = fromSeq - 1
  let isCaughtUp = false
  let failure: { error: unknown } | null = null
  let next = Promise.withResolvers<void>()
  const wake = () => {
    next.resolve()
    next = Promise.withResolvers()
  }

  function hold(frame: HeldFrame): void {
    frames.push(frame)
    bytes += frame.data.length
    if (bytes <= heldBytes) return
    // A tenth at a time, so that little is moved.
    let dropped = 0
    for (; bytes > 0.9 * heldBytes && dropped < frames.length - 1; dropped++) bytes -= frames[dropped]!.data.length
    if (dropped > 0) droppedTo = frames[dropped - 1]!.seq
    frames.splice(0, dropped)
  }

  async function readAll(): Promise<void> {
    let last = fromSeq - 1
    for (const follow of [false, true]) {
      for await (const entry of bus.log({ runId, fromSeq: last + 1, follow, signal })) {
        hold(frameOf(entry))
        last = entry.seq
        wake()
      }
      if (signal.aborted) return
      isCaughtUp = true
      wake()
    }
  }
  const done = readAll()
    .catch((error: unknown) => {
      failure = { error }
    })
    .finally(wake)

  return {
    viewers: 0,
    done,
    stop: () => stopped.abort(),
    wake,
    /** Resolves when there is something new, or the end. */
    moved: () => next.promise,
    isCaughtUp: () => isCaughtUp,
    failure: () => failure,
    /** The number up to which frames are not held. */
    droppedTo: () => droppedTo,
    /** The first held frame after a number. */
    after(seq: number): HeldFrame | undefined {
      let [low, high] = [0, frames.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if (frames[middle]!.seq <= seq) low = middle + 1
        else high = middle
      }
      return frames[low]
    },
  }
}

function frameOf(entry: StoredEntry): HeldFrame {
  const { seq, at, name, from, to, id, cause, bytes, parseError } = entry
  const { title, text } = describe(entry)
  const description = { title: viewedText(title), text: viewedText(text) }
  const head = { seq, at, name, from, to, id, cause, bytes, parseError, description }
  const frame: ServerFrame = { type: 'entry', ...head, ...summarise(entry.payload, bytes) }
  return { seq, data: Buffer.from(JSON.stringify(frame)) }
}
