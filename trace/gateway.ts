import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Logger } from '../bus/mod.ts'
import { allowedHosts, checkHost, checkOrigin, type Refusal, sameSecret } from './access.ts'
import { closeCodes, type ServerFrame, ViewerQuery } from './frames.ts'
import type { LogSource } from './log-source.ts'
import { type Presence, watchPresence } from './presence.ts'
import { createRunList } from './run-list.ts'
import { serveFile } from './static-files.ts'
import { serveViewer } from './viewer.ts'

/*
 * G1 Only log entries, the list of runs and the presence of agents leave by this door; there is no way to write.
 * G2 Every answer needs a Host of ours; every WebSocket also the token and, from a page, an Origin of ours.
 * G3 The gateway is one more reader of the log: no agent knows of it, and none waits for it.
 */

export type GatewayOptions = {
  bus: LogSource
  /** The address to bind; the loopback one unless somebody asked for another. */
  host?: string
  /** 0: any free port. */
  port: number
  token: string
  /** Frames that may wait for one viewer before it is dropped to a position it can resume from. */
  maxBacklog: number
  /** Origins besides our own that may open the WebSocket, such as a reverse proxy's. */
  allowedOrigins?: readonly string[]
  /** How long a replay waits for a viewer that takes nothing. */
  stallMs?: number
  /** How often the list of runs is read while somebody looks. */
  runsEveryMs?: number
  /** How often a viewer is asked whether it is still there; one that did not answer the last time is dropped. */
  pingEveryMs?: number
  log: Logger
  signal: AbortSignal
}

export type Gateway = { url: string; port: number; close(): Promise<void> }

const webFolder = fileURLToPath(new URL('./web', import.meta.url))

/** Serves the page and the traces. Rejects when the port cannot be bound; `url` carries the token. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { bus, port, token, maxBacklog, log } = options
  const {
    host = '127.0.0.1',
    allowedOrigins = [],
    stallMs = 30_000,
    runsEveryMs = 3_000,
    pingEveryMs = 20_000,
  } = options
  const stopped = new AbortController()
  const signal = AbortSignal.any([options.signal, stopped.signal])
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024, perMessageDeflate: false })
  const viewers = new Map<WebSocket, { alive: boolean }>()
  const serving = new Set<Promise<void>>()
  const runList = createRunList(bus)
  let hosts = new Set<string>()
  let agents: Presence[] = []
  let runs: Awaited<ReturnType<typeof runList.list>> = []

  const http = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://page')
    const refusal = checkHost(request, hosts)
    if (refusal) response.writeHead(refusal.status).end(`${refusal.reason}\n`)
    else if (request.method !== 'GET' && request.method !== 'HEAD') response.writeHead(405).end()
    else if (pathname === '/session') {
      // Lets the page tell a wrong token from a gateway that is away: a failed WebSocket does not say.
      response.writeHead(sameSecret(searchParams.get('token') ?? '', token) ? 204 : 401).end()
    } else
      serveFile(request, response, webFolder, pathname).catch((error) => {
        log.warn({ error: String(error) }, 'file not served')
        response.destroy()
      })
  })

  function check(request: IncomingMessage, url: URL): Refusal | null {
    if (url.pathname !== '/ws') return { status: 404, reason: 'no such endpoint' }
    const refusal = checkHost(request, hosts) ?? checkOrigin(request, hosts, allowedOrigins)
    if (refusal) return refusal
    if (!sameSecret(url.searchParams.get('token') ?? '', token)) return { status: 401, reason: 'wrong token' }
    return null
  }

  http.on('upgrade', (request, socket: Duplex, head) => {
    socket.on('error', (error) => log.debug({ error: error.message }, 'socket failed'))
    const url = new URL(request.url ?? '/', 'http://page')
    const query = ViewerQuery.safeParse(Object.fromEntries(url.searchParams))
    const refusal = check(request, url) ?? (query.success ? null : { status: 400, reason: 'bad run or position' })
    if (refusal || !query.success) {
      const { status, reason } = refusal!
      log.info({ status, reason }, 'viewer refused')
      socket.end(`HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () =>
        socket.destroy(),
      )
      return
    }
    sockets.handleUpgrade(request, socket, head, (viewer) => admit(viewer, query.data))
  })

  const send = (viewer: WebSocket, frame: ServerFrame) => viewer.send(JSON.stringify(frame), () => {})
  function broadcast(frame: ServerFrame) {
    for (const viewer of viewers.keys()) if (viewer.bufferedAmount < 65_536) send(viewer, frame)
  }

  function admit(viewer: WebSocket, { run, from }: ViewerQuery) {
    const state = { alive: true }
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
    const served = serveViewer({ socket: viewer, bus, runId: run, fromSeq: from, maxBacklog, stallMs, log, signal })
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
  const watching = watchPresence(bus, signal, (now) => {
    agents = now
    announce ??= setTimeout(() => {
      announce = null
      broadcast({ type: 'presence', agents })
    }, 400)
  }).catch((error) => signal.aborted || log.warn({ error: String(error) }, 'presence not watched'))

  let closing: Promise<void> | null = null
  const close = () => (closing ??= shut())
  options.signal.addEventListener('abort', () => void close(), { once: true })

  async function shut(): Promise<void> {
    clearInterval(runsTimer)
    clearInterval(pingTimer)
    for (const viewer of viewers.keys()) viewer.close(closeCodes.away, 'the gateway stops')
    stopped.abort()
    if (announce) clearTimeout(announce)
    const closed = new Promise<void>((resolve) => http.close(() => resolve()))
    const left = setTimeout(() => {
      for (const viewer of viewers.keys()) viewer.terminate()
    }, 500)
    http.closeAllConnections()
    await Promise.all([closed, watching, refreshing, ...serving])
    clearTimeout(left)
  }

  try {
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject)
      http.listen(port, host, () => resolve())
    })
  } catch (error) {
    await close()
    throw error
  }
  const bound = (http.address() as AddressInfo).port
  hosts = allowedHosts(host, bound, allowedOrigins)
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return { url: `http://${shown}:${bound}/?token=${encodeURIComponent(token)}`, port: bound, close }
}
