import type { WebSocket } from 'ws'
import type { LogEntry, Logger } from '../bus/mod.ts'
import { closeCodes, type ServerFrame, ViewerFrame } from './frames.ts'
import type { LogSource } from './log-source.ts'
import { summarise } from './summary.ts'

/*
 * One viewer of one run.
 * V1 Replay waits for the viewer, with a bound: at most `replayWindow` frames are on their way to it.
 * V2 Following never waits: a viewer that has more than `maxBacklog` frames to take is dropped.
 * V3 A dropped viewer loses nothing: it comes back with the number after the last message that it has.
 * V4 Each viewer reads the log with its own ordered reader and acknowledges nothing, so agents never wait for it.
 */

const replayWindow = 256

export type ViewerOptions = {
  socket: WebSocket
  bus: LogSource
  runId: string
  fromSeq: number
  maxBacklog: number
  /** How long a replay waits for a viewer that takes nothing. */
  stallMs: number
  log: Logger
  signal: AbortSignal
}

type Outcome = 'gone' | 'slow'

function entryFrame(entry: LogEntry): ServerFrame {
  const { seq, at, name, from, to, id, cause, bytes, parseError } = entry
  return { type: 'entry', seq, at, name, from, to, id, cause, bytes, parseError, ...summarise(entry.payload, bytes) }
}

/** Sends frames and counts those that the socket has not taken yet. */
function createOutlet(socket: WebSocket) {
  let pending = 0
  let wake: (() => void) | null = null
  const settle = () => {
    pending--
    wake?.()
  }
  return {
    pending: () => pending,
    send(frame: ServerFrame) {
      pending++
      socket.send(JSON.stringify(frame), settle)
    },
    /** True once fewer than `count` frames are pending; false after `timeoutMs` in which the socket took none. */
    async below(count: number, timeoutMs: number): Promise<boolean> {
      while (pending >= count) {
        const { promise, resolve } = Promise.withResolvers<boolean>()
        const timer = setTimeout(() => resolve(false), timeoutMs)
        wake = () => resolve(true)
        const moved = await promise
        clearTimeout(timer)
        wake = null
        if (!moved) return false
      }
      return true
    },
  }
}

/** Serves a viewer until it leaves, is dropped, or the signal fires. Rejects only when the log cannot be read. */
export async function serveViewer(options: ViewerOptions): Promise<void> {
  const { socket, bus, runId, fromSeq, maxBacklog, stallMs, log } = options
  const gone = new AbortController()
  socket.once('close', () => gone.abort())
  const signal = AbortSignal.any([options.signal, gone.signal])
  const outlet = createOutlet(socket)
  let last = fromSeq - 1

  async function content(seq: number): Promise<void> {
    for await (const entry of bus.log({ runId, fromSeq: seq, follow: false, signal })) {
      if (entry.seq === seq) outlet.send({ type: 'content', seq, payload: entry.payload })
      else outlet.send({ type: 'content', seq, payload: null, error: 'this run has no such message' })
      return
    }
    outlet.send({ type: 'content', seq, payload: null, error: 'this run has no such message' })
  }

  let asked: Promise<void> = Promise.resolve()
  let waiting = 0
  socket.on('message', (data, binary) => {
    const frame = binary ? null : parseFrame(String(data))
    if (!frame || waiting >= 8) {
      socket.close(closeCodes.badFrame, frame ? 'too many requests at a time' : 'not a frame of this protocol')
      return
    }
    waiting++
    asked = asked
      .then(() => content(frame.seq))
      .catch((error) => {
        if (!signal.aborted) log.warn({ error: String(error), seq: frame.seq }, 'content not read')
      })
      .finally(() => waiting--)
  })

  async function replay(): Promise<Outcome | null> {
    for await (const entry of bus.log({ runId, fromSeq, follow: false, signal })) {
      if (!(await outlet.below(replayWindow, stallMs))) return 'slow'
      if (signal.aborted) return 'gone'
      outlet.send(entryFrame(entry))
      last = entry.seq
    }
    return signal.aborted ? 'gone' : null
  }

  async function follow(): Promise<Outcome> {
    for await (const entry of bus.log({ runId, fromSeq: last + 1, follow: true, signal })) {
      if (outlet.pending() > maxBacklog) return 'slow'
      outlet.send(entryFrame(entry))
      last = entry.seq
    }
    return 'gone'
  }

  let outcome = await replay()
  if (!outcome) {
    outlet.send({ type: 'caught-up', seq: last, at: new Date().toISOString() })
    outcome = await follow()
  }
  if (outcome === 'slow') {
    log.warn({ runId, last, pending: outlet.pending() }, 'slow viewer dropped')
    socket.close(closeCodes.slow, `too slow; resume after ${last - outlet.pending()}`)
  }
  await asked
}

function parseFrame(text: string): ViewerFrame | null {
  try {
    return ViewerFrame.parse(JSON.parse(text))
  } catch {
    return null
  }
}
