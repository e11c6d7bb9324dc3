import type { WebSocket } from 'ws'
import type { Logger } from '../bus/mod.ts'
import { jsonOrNull } from '../schemas/bounded-json.ts'
import { closeCodes, type ServerFrame, ViewerFrame } from './frames.ts'
import type { LogSource } from './presence.ts'
import type { HeldFrame, RunFrames } from './run-frames.ts'

/*
 * One viewer of one run.
 * V1 Replay waits for the viewer, with a bound: at most `replayWindow` frames are on their way to it. So does an answer that it asked for.
 * V2 Following never waits: a viewer that has more than `maxBacklog` frames, or `maxBacklogBytes` of them, to take is dropped.
 * V3 A dropped viewer loses nothing: it comes back with the number after the last message that it has.
 * V4 Nothing that it is sent is acknowledged on the bus, so agents never wait for it.
 */

const replayWindow = 256

export type ViewerOptions = {
  socket: WebSocket
  bus: LogSource
  frames: RunFrames
  runId: string
  fromSeq: number
  maxBacklog: number
  maxBacklogBytes: number
  /** How long a replay waits for a viewer that takes nothing. */
  stallMs: number
  log: Logger
  signal: AbortSignal
}

type Outcome = 'gone' | 'slow'

/** Sends frames and counts those that the socket has not taken yet. */
function createOutlet(socket: WebSocket, maxBytes: number) {
  let pending = 0
  let taken = Promise.withResolvers<true>()
  const settle = () => {
    pending--
    taken.resolve(true)
    taken = Promise.withResolvers()
  }
  const holds = (frames: number) => pending >= frames || socket.bufferedAmount > maxBytes
  return {
    pending: () => pending,
    /** Whether so many frames, or too many bytes, are on their way. */
    holds,
    send(frame: ServerFrame) {
      pending++
      socket.send(JSON.stringify(frame), settle)
    },
    /** The same of a frame that is written already. */
    pass({ data }: HeldFrame) {
      pending++
      socket.send(data, { binary: false }, settle)
    },
    /** True once it no longer holds so many; false after `timeoutMs` in which the socket took none. */
    async below(frames: number, timeoutMs: number): Promise<boolean> {
      while (holds(frames)) {
        const late = Promise.withResolvers<false>()
        const timer = setTimeout(() => late.resolve(false), timeoutMs)
        const moved = await Promise.race([taken.promise, late.promise])
        clearTimeout(timer)
        if (!moved) return false
      }
      return true
    },
  }
}

/** Serves a viewer until it leaves, is dropped, or the signal fires. Rejects only when the log cannot be read. */
export async function serveViewer(options: ViewerOptions): Promise<void> {
  const { socket, bus, frames, runId, fromSeq, maxBacklog, maxBacklogBytes, stallMs, log } = options
  const gone = new AbortController()
  socket.once('close', () => gone.abort())
  const signal = AbortSignal.any([options.signal, gone.signal])
  const outlet = createOutlet(socket, maxBacklogBytes)
  let last = fromSeq - 1
  using watched = frames.watch(runId, fromSeq)

  async function content(seq: number): Promise<void> {
    if (!(await outlet.below(replayWindow, stallMs))) return drop()
    let payload: unknown = null
    let error: string | undefined = 'this run has no such message'
    for await (const entry of bus.log({ runId, fromSeq: seq, follow: false, signal })) {
      if (entry.seq === seq) [payload, error] = [entry.payload, undefined]
      break
    }
    outlet.send({ type: 'content', seq, payload, ...(error && { error }) })
  }

  function drop(): void {
    log.warn({ runId, last, pending: outlet.pending(), bytes: socket.bufferedAmount }, 'slow viewer dropped')
    socket.close(closeCodes.slow, `too slow; resume after ${last - outlet.pending()}`)
  }

  let asked: Promise<void> = Promise.resolve()
  let waiting = 0
  socket.on('message', (data, binary) => {
    // One that is being sent away is not heard any more.
    if (socket.readyState !== socket.OPEN) return
    const frame = binary ? null : ViewerFrame.safeParse(jsonOrNull(String(data))).data
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
    for await (const frame of watched.read({ fromSeq, follow: false, signal })) {
      if (!(await outlet.below(replayWindow, stallMs))) return 'slow'
      if (signal.aborted) return 'gone'
      outlet.pass(frame)
      last = frame.seq
    }
    return signal.aborted ? 'gone' : null
  }

  async function follow(): Promise<Outcome> {
    for await (const frame of watched.read({ fromSeq: last + 1, follow: true, signal })) {
      if (outlet.holds(maxBacklog + 1)) return 'slow'
      outlet.pass(frame)
      last = frame.seq
    }
    return 'gone'
  }

  let outcome = await replay()
  if (!outcome) {
    outlet.send({ type: 'caught-up', seq: last, at: new Date().toISOString() })
    outcome = await follow()
  }
  if (outcome === 'slow') drop()
  await asked
}
