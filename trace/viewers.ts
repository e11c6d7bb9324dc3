import type { WebSocket } from 'ws'
import type { Logger } from '../bus/mod.ts'
import type { PayloadOf } from '../schemas/message.ts'
import type { RunStarted } from '../schemas/messages/run.ts'
import type { GatewayLimits } from '../schemas/session-limits.ts'
import type { Refusal } from './access.ts'
import { closeCodes, type ServerFrame, type ViewerQuery } from './frames.ts'
import { type LogSource, type ShownPresence, watchPresence } from './presence.ts'
import { createRunFrames } from './run-frames.ts'
import { createPatience, type NeededAgent, troublesIn, wantedBy } from './troubles.ts'
import { serveViewer } from './viewer.ts'

type Limits = 'maxBacklog' | 'maxBacklogBytes' | 'heldBytes' | 'maxViewers' | 'stallMs' | 'runsEveryMs' | 'pingEveryMs'
export type ViewersOptions = Pick<GatewayLimits, Limits> & {
  bus: LogSource
  log: Logger
  signal: AbortSignal
}

export type Viewers = {
  /** Why one more viewer cannot come now; null when it can. */
  checkRoom(): Refusal | null
  /** Sends a viewer the agents and the runs there are, from now on, and serves it the log of the run it asks for. */
  admit(viewer: WebSocket, query: ViewerQuery): void
  /** Sends all of them away, and ends what was served; those that do not go within half a second are cut off. */
  close(): Promise<void>
}

type Viewer = {
  alive: boolean
  runId: string | undefined
  due: ReturnType<typeof createPatience>
  /** The list that it was sent last. */
  troubles: string
}

/** Everybody who looks through a gateway. */
export function createViewers(options: ViewersOptions): Viewers {
  const { bus, maxBacklog, maxBacklogBytes, heldBytes, maxViewers, stallMs, runsEveryMs, pingEveryMs, log } = options
  const stopped = new AbortController()
  const signal = AbortSignal.any([options.signal, stopped.signal])
  const viewers = new Map<WebSocket, Viewer>()
  const serving = new Set<Promise<void>>()
  const runList = createRunList(bus)
  const frames = createRunFrames(bus, { heldBytes, signal })
  let agents: ShownPresence[] = []
  let runs: Awaited<ReturnType<typeof runList.list>> = []

  const send = (viewer: WebSocket, frame: ServerFrame) => viewer.send(JSON.stringify(frame), () => {})
  function broadcast(frame: ServerFrame) {
    for (const viewer of viewers.keys()) if (viewer.bufferedAmount < 65_536) send(viewer, frame)
  }

  function admit(viewer: WebSocket, { run, from }: ViewerQuery) {
    const due = createPatience(bus.limits.troubles.missingMs)
    const state: Viewer = { alive: true, runId: run, due, troubles: '[]' }
    viewers.set(viewer, state)
    viewer.on('pong', () => {
      state.alive = true
    })
    viewer.on('error', (error) => log.debug({ error: error.message }, 'viewer failed'))
    viewer.once('close', (code) => {
      viewers.delete(viewer)
      log.info({ runId: run, code, viewers: viewers.size }, 'viewer left')
    })
    log.info({ runId: run, from, viewers: viewers.size }, 'viewer came')
    send(viewer, { type: 'presence', agents })
    send(viewer, { type: 'runs', runs })
    void refreshRuns()
    if (!run) return
    const bounds = { maxBacklog, maxBacklogBytes, stallMs }
    const served = serveViewer({ socket: viewer, bus, frames, runId: run, fromSeq: from, ...bounds, log, signal })
      .catch((error) => {
        if (signal.aborted || viewer.readyState !== viewer.OPEN) return
        log.warn({ runId: run, error: String(error) }, 'log not read')
        viewer.close(closeCodes.broken, 'the log cannot be read now')
      })
      .finally(() => serving.delete(served))
    serving.add(served)
  }

  let refreshing: Promise<void> | null = null
  function refreshRuns(): Promise<void> {
    refreshing ??= runList
      .list(signal)
      .then((now) => {
        if (JSON.stringify(now) === JSON.stringify(runs)) return
        runs = now
        broadcast({ type: 'runs', runs })
      })
      .catch((error) => signal.aborted || log.warn({ error: String(error) }, 'runs not listed'))
      .then(() => {
        refreshing = null
      })
    return refreshing
  }

  /** Sends each viewer the troubles of its run, where they are others than before. */
  function sendTroubles(): void {
    for (const [viewer, state] of viewers) {
      const wanted = state.runId === undefined ? [] : runList.wantedBy(state.runId)
      const troubles = state.due(troublesIn(agents, wanted))
      const now = JSON.stringify(troubles)
      if (now === state.troubles || viewer.bufferedAmount >= 65_536) continue
      state.troubles = now
      send(viewer, { type: 'troubles', troubles })
    }
  }

  const troublesTimer = setInterval(sendTroubles, 1000)
  const runsTimer = setInterval(() => viewers.size > 0 && void refreshRuns(), runsEveryMs)
  const pingTimer = setInterval(() => {
    for (const [viewer, state] of viewers) {
      if (!state.alive) viewer.terminate()
      state.alive = false
      viewer.ping(() => {})
    }
  }, pingEveryMs)

  // Presence comes in bursts (every agent refreshes its record); viewers get the latest state at most every 400 ms.
  let announce: NodeJS.Timeout | null = null
  const onChange = (now: ShownPresence[]) => {
    agents = now
    announce ??= setTimeout(() => {
      announce = null
      broadcast({ type: 'presence', agents })
      sendTroubles()
    }, 400)
  }
  const watching = watchPresence(bus, { log, signal, againMs: runsEveryMs, onChange })

  async function close(): Promise<void> {
    clearInterval(troublesTimer)
    clearInterval(runsTimer)
    clearInterval(pingTimer)
    for (const viewer of viewers.keys()) viewer.close(closeCodes.away, 'the gateway stops')
    stopped.abort()
    if (announce) clearTimeout(announce)
    const gone = [...viewers.keys()].map((viewer) => new Promise((resolve) => viewer.once('close', resolve)))
    const left = setTimeout(() => {
      for (const viewer of viewers.keys()) viewer.terminate()
    }, 500)
    await Promise.all([watching, refreshing, ...serving, ...gone])
    await frames.ended()
    clearTimeout(left)
  }

  const checkRoom = (): Refusal | null =>
    viewers.size < maxViewers ? null : { status: 503, reason: 'too many viewers' }

  return { checkRoom, admit, close }
}

/** Runs whose start is looked up in one go; the rest come with the next call. */
const maxLookups = 64

type Start = { startedAt: string; wanted: NeededAgent[] }

/** Remembers when each run on the log began, and which agents it wants. */
function createRunList(bus: LogSource) {
  const starts = new Map<string, Start>()

  async function startOf(runId: string, signal: AbortSignal): Promise<Start | null> {
    for await (const { name, payload, parseError, at } of bus.log({ runId, follow: false, signal })) {
      const isStart = name === 'run-started' && parseError === undefined
      const wanted = isStart ? wantedBy((payload as PayloadOf<typeof RunStarted>).config) : []
      return { startedAt: at, wanted }
    }
    return null
  }

  return {
    /** The agents that a run on the last list wants. */
    wantedBy: (runId: string): readonly NeededAgent[] => starts.get(runId)?.wanted ?? [],
    /** The runs that have messages, with the time of their first one, newest first. */
    async list(signal: AbortSignal): Promise<{ runId: string; startedAt: string }[]> {
      const there = new Set(await bus.runs())
      for (const runId of starts.keys()) if (!there.has(runId)) starts.delete(runId)
      const unknown = [...there].filter((runId) => !starts.has(runId)).slice(0, maxLookups)
      for (const runId of unknown) {
        const start = await startOf(runId, signal)
        if (start) starts.set(runId, start)
      }
      return [...starts]
        .map(([runId, { startedAt }]) => ({ runId, startedAt }))
        .sort((a, b) => b.startedAt.localeCompare(a.startedAt))
    },
  }
}
