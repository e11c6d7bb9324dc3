import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import type { z } from 'zod'
import type { Logger } from '../bus/mod.ts'
import { GatewayLimits } from '../schemas/session-limits.ts'
import { allowedHosts, checkHost, checkOrigin, type Refusal, readTarget, sameSecret } from './access.ts'
import { ViewerQuery } from './frames.ts'
import type { LogSource } from './presence.ts'
import { createReadEndpoint, isReadPath, type RunReader } from './run-reader.ts'
import { openStaticFiles } from './static-files.ts'
import { createTryEndpoint, type TryPanel } from './try-panel.ts'
import { createViewers } from './viewers.ts'

/*
 * G1 Only log entries, the list of runs, the presence of agents, replies of models, rows, answers and reports of runs, and the process's
 *    metrics and probes leave here; there is no way to write.
 * G2 Every answer needs a Host of ours; every WebSocket, question and table also the token and, from a page, an Origin of ours. Metrics and
 *    probes have rules of their own (telemetry/serve.ts, A1 to A3).
 * G3 Nothing that a peer sends throws here: what cannot be read is refused as what may not be asked is.
 * G4 The gateway is one more reader of the log: no agent knows of it, and none waits for it.
 */

/** What of its limits is left out is as GatewayLimits says. */
export type GatewayOptions = z.input<typeof GatewayLimits> & {
  bus: LogSource
  /** What answers a viewer's questions to models; left out: nothing does. */
  tryPanel?: TryPanel
  /** What reads rows, answers and reports; left out: nothing does. */
  runReader?: RunReader
  /** Answers requests for metrics and probes, and says which it did; it decides who may read them. */
  answerTelemetry?: (request: IncomingMessage, response: ServerResponse, pathname: string) => boolean
  token: string
  log: Logger
  signal: AbortSignal
}

export type Gateway = { url: string; port: number; close(): Promise<void> }

const noAddress: Refusal = { status: 400, reason: 'no such address' }
const notRead: Refusal = { status: 405, reason: 'only GET is answered here' }

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const ofPackage = (name: string, path: string) => fileURLToPath(new URL(path, import.meta.resolve(name)))

/** What the page loads, by address: its own files, the plots and sums that it shares with the report, and the plots' library. */
const pageFiles = {
  '/': here('./web'),
  '/plots/': here('./plots'),
  '/schemas/spent.ts': here('../schemas/spent.ts'),
  '/schemas/number-text.ts': here('../schemas/number-text.ts'),
  '/schemas/score-interval.ts': here('../schemas/score-interval.ts'),
  '/schemas/text.ts': here('../schemas/text.ts'),
  '/vendor/d3.js': ofPackage('d3', '../dist/d3.min.js'),
  '/vendor/plot.js': ofPackage('@observablehq/plot', '../dist/plot.umd.min.js'),
}

const refusalsEveryMs = 10_000

/** Logs the first refusal, and after that how many there were, a line in ten seconds at most: peers decide how often it is called. */
function createRefusalLog(log: Logger): (refusal: Refusal) => void {
  let refused = 0
  let nextAt = 0
  return ({ status, reason }) => {
    refused++
    if (performance.now() < nextAt) return
    log.info({ status, reason, refused }, 'viewer refused')
    nextAt = performance.now() + refusalsEveryMs
  }
}

/** Serves the page and the traces. Rejects when the port cannot be bound; `url` carries the token. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { bus, tryPanel, runReader, answerTelemetry = () => false, token, log, signal, ...asked } = options
  const { host, port, allowedOrigins, maxConnections, requestMs, ...limits } = GatewayLimits.parse(asked)
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024, perMessageDeflate: false })
  const viewers = createViewers({ bus, log, signal, ...limits })
  const serveFile = openStaticFiles(pageFiles)
  const answerQuestion = createTryEndpoint(tryPanel, log)
  const answerRead = createReadEndpoint(runReader, log)
  const logRefusal = createRefusalLog(log)
  let hosts = new Set<string>()

  const times = { headersTimeout: requestMs, requestTimeout: requestMs, connectionsCheckingInterval: requestMs / 4 }
  const http = createServer(times, (request, response) => {
    const target = readTarget(request)
    const refusal = target ? checkHost(request, hosts) : noAddress
    if (!target || refusal) refuse(response, refusal ?? noAddress)
    else if (answerTelemetry(request, response, target.pathname)) return
    else if (target.pathname === '/try' || isReadPath(target.pathname)) {
      const fault = checkOrigin(request, hosts, allowedOrigins) ?? checkToken(target)
      const answer = isReadPath(target.pathname) ? answerRead : answerQuestion
      const answered = fault ? Promise.resolve(fault) : answer(request, response, target)
      answered.then((refused) => refused && refuse(response, refused)).catch(() => response.destroy())
    } else if (request.method !== 'GET' && request.method !== 'HEAD') refuse(response, notRead)
    // Lets the page tell a wrong token from a gateway that is away or has no room: a failed WebSocket does not say.
    else if (target.pathname === '/session') {
      const fault = checkToken(target) ?? viewers.checkRoom()
      if (fault) refuse(response, fault)
      else response.writeHead(204).end()
    } else {
      serveFile(request, response, target.pathname).catch((error: unknown) => {
        log.warn({ error: String(error) }, 'page not served')
        response.destroy()
      })
    }
  })
  http.maxConnections = maxConnections
  // One that takes nothing of its answers holds a connection no longer than a viewer may.
  http.setTimeout(limits.stallMs)

  const refuse = (response: ServerResponse, { status, reason }: Refusal) =>
    void response.writeHead(status).end(`${reason}\n`)

  const checkToken = (target: URL): Refusal | null =>
    sameSecret(target.searchParams.get('token') ?? '', token) ? null : { status: 401, reason: 'wrong token' }

  /** What an upgrade asks for, or why it is refused; access is checked before the query is parsed. */
  function readUpgrade(request: IncomingMessage): ViewerQuery | Refusal {
    const target = readTarget(request)
    if (!target) return noAddress
    if (target.pathname !== '/ws') return { status: 404, reason: 'no such endpoint' }
    const refusal = checkHost(request, hosts) ?? checkOrigin(request, hosts, allowedOrigins) ?? checkToken(target)
    if (refusal) return refusal
    const query = ViewerQuery.safeParse(Object.fromEntries(target.searchParams))
    if (!query.success) return { status: 400, reason: 'bad run or position' }
    return viewers.checkRoom() ?? query.data
  }

  http.on('upgrade', (request, socket: Duplex, head) => {
    socket.on('error', (error) => log.debug({ error: error.message }, 'socket failed'))
    const asked = readUpgrade(request)
    if ('reason' in asked) {
      const { status, reason } = asked
      logRefusal(asked)
      socket.end(`HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () =>
        socket.destroy(),
      )
      return
    }
    sockets.handleUpgrade(request, socket, head, (viewer) => viewers.admit(viewer, asked))
  })

  let closing: Promise<void> | null = null
  const close = () => (closing ??= shut())
  signal.addEventListener('abort', () => void close(), { once: true })

  async function shut(): Promise<void> {
    const closed = new Promise<void>((resolve) => http.close(() => resolve()))
    http.closeAllConnections()
    await Promise.all([closed, viewers.close()])
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
  // Once it listens, an error is one of accepting a connection (no descriptor left), which the next may not have.
  http.on('error', (error) => log.warn({ error: error.message }, 'connection not accepted'))
  const bound = (http.address() as AddressInfo).port
  hosts = allowedHosts(host, bound, allowedOrigins)
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return { url: `http://${shown}:${bound}/?token=${encodeURIComponent(token)}`, port: bound, close }
}
