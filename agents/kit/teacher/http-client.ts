import * as http from 'node:http'
import * as https from 'node:https'
import { decodeBody } from './decode-body.ts'
import { isWholeBody } from './json-values.ts'
import { type Endpoint, keyRemover, type TeacherOptions } from './options.ts'
import { type Environment, type HttpProxy, proxyFor } from './proxy.ts'

/** An HTTP answer; `location` is where a redirect leads, else null. */
export type HttpAnswer = {
  status: number
  headers: Readonly<Record<string, string | undefined>>
  location: string | null
  text: string
}

/** Asks an endpoint. Rejects where there is no whole answer: no connection, cut off, aborted, too long. */
export type HttpClient = {
  get(path: string, signal: AbortSignal): Promise<HttpAnswer>
  post(path: string, body: string, signal: AbortSignal): Promise<HttpAnswer>
}

type Limits = Pick<TeacherOptions, 'concurrency' | 'maxReplyBytes'>

/** Gateways send more than the usual 16 KiB: cookies, traces, policies. */
const maxHeaderBytes = 2 ** 18
/** After so long without a byte it is looked whether the answer is whole: some servers never end one. */
const quietMs = 500
/** Some gateways turn away what does not say who it is. */
const userAgent = 'syllabus'

/**
 * All that is asked of an endpoint goes this way: lists of models, completions, embeddings. Connections are kept, one for each request
 * under way, and go through the proxy that the environment names. Redirects are not followed, there is no time limit but the signal's,
 * and an answer of more than `maxReplyBytes` is cut off. One that is whole counts, however its connection ends. No answer holds the key.
 * @throws TeacherUnusable for a proxy that cannot be used.
 */
export function openHttpClient(
  endpoint: Endpoint,
  { concurrency, maxReplyBytes }: Limits,
  env: Environment = process.env,
): HttpClient {
  const { baseUrl, apiKey } = endpoint
  const { protocol } = new URL(baseUrl)
  const { Agent, request } = protocol === 'https:' ? https : http
  const withoutKey = keyRemover(endpoint)
  const proxy = proxyFor(new URL(baseUrl), env)
  const agent = new Agent({
    keepAlive: true,
    maxSockets: concurrency,
    maxFreeSockets: concurrency,
    ...(proxy && { proxyEnv: { HTTP_PROXY: proxy.address, HTTPS_PROXY: proxy.address } }),
  })
  const authorization = apiKey ? { authorization: `Bearer ${apiKey}` } : {}

  const ask = (method: string, path: string, signal: AbortSignal, body?: string): Promise<HttpAnswer> => {
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>()
    const headers = {
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': userAgent,
      ...authorization,
    }
    const received: { response?: http.IncomingMessage; chunks: Buffer[]; bytes: number } = { chunks: [], bytes: 0 }
    const quiet = setTimeout(() => void settleWhole(), quietMs)

    /** Settles with what came so far, where it is an answer of which `holds`; says whether it is. */
    async function settle(response: http.IncomingMessage, holds: (text: string) => boolean): Promise<boolean> {
      const { statusCode: status = 0 } = response
      const flat = firstOf(response.headers)
      const text = await decodeBody(Buffer.concat(received.chunks), flat, maxReplyBytes)
      if (!holds(text)) return false
      const moved = status >= 300 && status < 400 && flat.location
      const location = moved ? withoutKey(moved) : null
      const headers = mapped(flat, withoutKey)
      resolve({ status, headers, location, text: withoutKey(text) })
      return true
    }
    const settleWhole = async (): Promise<boolean> => {
      const { response, bytes } = received
      if (!response || bytes === 0 || bytes > maxReplyBytes) return false
      const isSettled = await settle(response, isWholeBody).catch(() => false)
      if (isSettled) response.destroy()
      return isSettled
    }
    const fail = async (error: unknown) => {
      clearTimeout(quiet)
      if (await settleWhole()) return
      const text = reasonOf(error, proxy)
      const status = tunnelStatus(error)
      if (status === null) reject(new Error(text, { cause: error }))
      else resolve({ status, headers: {}, location: null, text })
    }
    const options = { method, agent, headers, signal, maxHeaderSize: maxHeaderBytes, insecureHTTPParser: true }
    const sent = request(`${baseUrl}${path}`, options, (response) => {
      received.response = response
      response.on('data', (chunk: Buffer) => {
        quiet.refresh()
        received.chunks.push(chunk)
        received.bytes += chunk.length
        if (received.bytes > maxReplyBytes)
          response.destroy(new Error(`the answer is longer than ${maxReplyBytes} bytes`))
      })
      response.once('end', () => {
        clearTimeout(quiet)
        settle(response, () => true).catch(fail)
      })
      response.once('error', fail)
    })
    // Node ends a request that is answered with another protocol (HTTP 101) without an error.
    sent.once('close', () => received.response ?? fail(new Error('the connection was closed without an answer')))
    sent.once('error', fail).end(body)
    return promise
  }

  return {
    get: (path, signal) => ask('GET', path, signal),
    post: (path, body, signal) => ask('POST', path, signal, body),
  }
}

const mapped = (headers: HttpAnswer['headers'], change: (value: string) => string): HttpAnswer['headers'] =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value && change(value)]))

const firstOf = (headers: http.IncomingHttpHeaders): HttpAnswer['headers'] =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]))

/** What a proxy answers in place of a connection through it; null for every other error. */
function tunnelStatus(error: unknown): number | null {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_PROXY_TUNNEL') return null
  return 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : null
}

/** What a connection failed of: of one that was tried at several addresses, the reasons stand inside. */
function reasonOf(error: unknown, proxy: HttpProxy | null): string {
  const inner = error instanceof AggregateError ? error.errors : [error]
  const texts = inner.map((each) => (each instanceof Error ? each.message || each.name : String(each)))
  const text = [...new Set(texts)].join('; ')
  return proxy ? `${text}, through the proxy ${proxy.shown}` : text
}
