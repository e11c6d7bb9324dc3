import * as http from 'node:http'
import * as https from 'node:https'
import { pipeline, type Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { type Endpoint, type TeacherOptions, withoutKey } from './options.ts'

/** An HTTP answer; `location` is where a redirect leads, else null. */
export type Posted = { status: number; retryAfter: string | null; location: string | null; text: string }

/** Sends one JSON body and gives the whole answer. Rejects where there is none: no connection, cut off, aborted, too long. */
export type Post = (body: string, signal: AbortSignal) => Promise<Posted>

/**
 * POSTs to one path of an endpoint over connections that are kept, one for each request under way. Redirects are not followed, there
 * is no time limit but the signal's, and an answer of more than `maxReplyBytes` is cut off.
 */
export function openPost(
  endpoint: Endpoint,
  path: string,
  { concurrency, maxReplyBytes }: Pick<TeacherOptions, 'concurrency' | 'maxReplyBytes'>,
): Post {
  const { baseUrl, apiKey } = endpoint
  const url = new URL(`${baseUrl}${path}`)
  const { Agent, request } = url.protocol === 'https:' ? https : http
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency, maxFreeSockets: concurrency })
  const authorization = apiKey ? { authorization: `Bearer ${apiKey}` } : {}
  return (sending, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Posted>()
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(sending),
      accept: 'application/json',
      'accept-encoding': 'identity',
      ...authorization,
    }
    const sent = request(url, { method: 'POST', agent, headers, signal }, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      const plain = unpacked(response)
      plain.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes > maxReplyBytes) plain.destroy(new Error(`the answer is longer than ${maxReplyBytes} bytes`))
      })
      plain.once('end', () => {
        const { statusCode = 0, headers: said } = response
        const text = withoutKey(Buffer.concat(chunks).toString(), endpoint)
        const moved = statusCode >= 300 && statusCode < 400 && said.location
        const location = moved ? withoutKey(moved, endpoint) : null
        resolve({ status: statusCode, retryAfter: said['retry-after'] ?? null, location, text })
      })
      plain.once('error', reject)
    })
    sent.once('error', reject).end(sending)
    return promise
  }
}

const unpackers = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }

/** The body without its compression, which nobody asked for and some gateways apply in any case. */
function unpacked(response: http.IncomingMessage): Readable {
  const unpack = unpackers[(response.headers['content-encoding'] ?? '') as keyof typeof unpackers]
  return unpack ? pipeline(response, unpack(), () => {}) : response
}
