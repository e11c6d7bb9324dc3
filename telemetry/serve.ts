import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TelemetryLimits } from '../schemas/session-limits.ts'
import { reasonOf, UsageError } from '../schemas/user-error.ts'
import type { Telemetry } from './telemetry.ts'

/*
 * A1 Nothing can be changed through these addresses, and nothing that a peer sends throws.
 * A2 /healthz and /readyz are for everybody: they hold no figure and no name.
 * A3 /metrics is for this machine, under a name of this machine's, so that no web page reads it by way of a foreign name (DNS rebinding).
 *    Others bring the token, unless the topology opens it for them.
 */

/** The token of whoever reads /metrics from another machine. */
const tokenVariable = 'SYLLABUS_TELEMETRY_TOKEN'

const paths = ['/metrics', '/healthz', '/readyz']

/** Answers a request for one of its paths; false: the path is another. */
export type AnswerTelemetry = (request: IncomingMessage, response: ServerResponse, pathname: string) => boolean

const digest = (text: string) => createHash('sha256').update(text).digest()
const sameSecret = (given: string, expected: string) => timingSafeEqual(digest(given), digest(expected))

const isLoopback = (address = '') => /^(::ffff:)?127\.|^::1$/.test(address)
const isLocalName = (host = '') => /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i.test(host)

/** What answers for a telemetry. `env` holds the token. */
export function answerTelemetry(
  telemetry: Telemetry,
  { open }: Pick<TelemetryLimits, 'open'>,
  env: NodeJS.ProcessEnv = process.env,
): AnswerTelemetry {
  const token = env[tokenVariable]
  const mayRead = ({ socket, headers }: IncomingMessage) => {
    if (isLoopback(socket.remoteAddress) && isLocalName(headers.host)) return true
    const [, given] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? []
    return open || (token !== undefined && token !== '' && given !== undefined && sameSecret(given, token))
  }

  async function answer(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'only GET is answered here')
    if (pathname !== '/metrics') {
      const reasons = pathname === '/healthz' ? telemetry.unhealthy() : await telemetry.unready()
      return send(response, reasons.length > 0 ? 503 : 200, reasons.length > 0 ? reasons.join('\n') : 'ok')
    }
    if (!mayRead(request)) {
      response.setHeader('www-authenticate', 'Bearer')
      return send(
        response,
        401,
        `other machines bring the token that ${tokenVariable} has here, as "Authorization: Bearer …"`,
      )
    }
    const { contentType, text } = await telemetry.scrape()
    response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' }).end(text)
  }

  return (request, response, pathname) => {
    if (!paths.includes(pathname)) return false
    answer(request, response, pathname).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else send(response, 503, reasonOf(error))
    })
    return true
  }
}

const send = (response: ServerResponse, status: number, text: string) =>
  void response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
    .end(`${text}\n`)

const requestMs = 5000

/** A telemetry at an address of its own. */
export type ServedTelemetry = AsyncDisposable & { url: string }

/**
 * Serves it at the topology's address.
 * @throws UsageError where that cannot be had
 */
export async function serveTelemetry(
  answer: AnswerTelemetry,
  { host, port }: { host: string; port: number },
): Promise<ServedTelemetry> {
  const times = { headersTimeout: requestMs, requestTimeout: requestMs, connectionsCheckingInterval: requestMs / 4 }
  const http = createServer(times, (request, response) => {
    const pathname = URL.parse(request.url ?? '', 'http://telemetry')?.pathname ?? ''
    if (!answer(request, response, pathname)) send(response, 404, `there is ${paths.join(', ')}`)
  })
  http.maxConnections = 64
  try {
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject)
      http.listen(port, host, () => resolve())
    })
  } catch (error) {
    const isUsed = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
    throw new UsageError(
      isUsed
        ? `Port ${port} is in use on ${host}.`
        : `Metrics cannot be served at ${host}:${port}: ${reasonOf(error)}.`,
      'Set telemetry.host and telemetry.port in the topology, or SYLLABUS_TELEMETRY_HOST and SYLLABUS_TELEMETRY_PORT: 0 takes any free port.',
    )
  }
  http.on('error', () => {})
  const bound = (http.address() as AddressInfo).port
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${shown}:${bound}/metrics`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => http.close(() => resolve()))
      http.closeAllConnections()
      await closed
    },
  }
}
