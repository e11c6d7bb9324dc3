import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { sha256 } from '../../schemas/hash.ts'

export type EmbeddingsServerOptions = {
  key?: string
  /** What is answered instead, by the number of the request, counted from 1. */
  instead?: (request: number) => { status: number; body: string } | null
  /** Leaves the last text out. */
  short?: boolean
}

export type EmbeddingsServer = AsyncDisposable & {
  url: string
  readonly requests: number
  readonly texts: readonly string[]
}

const Asked = z.object({ model: z.string(), input: z.array(z.string().min(1)) })
const dimensions = 64

/** Counts of a text's words, each in one of 64 places: texts with more words in common are more alike. */
export function wordVector(text: string): number[] {
  const vector = new Array<number>(dimensions).fill(0)
  for (const word of text.toLowerCase().match(/\w+/g) ?? ['none'])
    vector[Number.parseInt(sha256(word).slice(0, 4), 16) % dimensions]! += 1
  return vector
}

/** A real HTTP server that plays the embeddings of an OpenAI-compatible API; the data come back out of order. */
export async function startEmbeddingsServer({
  key = '',
  instead,
  short = false,
}: EmbeddingsServerOptions = {}): Promise<EmbeddingsServer> {
  const seen = { requests: 0, texts: [] as string[] }
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    // A request that asks for nothing costs nothing.
    if (request.method === 'POST' && body !== '{}') seen.requests += 1
    const greeting = (status: number, text: string) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(text)
    if (key && request.headers.authorization !== `Bearer ${key}`)
      return greeting(401, JSON.stringify({ error: `not a key: ${request.headers.authorization}` }))
    if (request.method === 'GET' && request.url === '/v1/models')
      return greeting(200, JSON.stringify({ data: [{ id: 'words-64' }] }))
    if (request.method !== 'POST' || request.url !== '/v1/embeddings') return greeting(404, '{}')
    const other = instead?.(seen.requests)
    if (other) return greeting(other.status, other.body)
    const { model, input } = Asked.parse(JSON.parse(body))
    seen.texts.push(...input)
    const data = input.map((text, index) => ({ object: 'embedding', index, embedding: wordVector(text) })).reverse()
    const usage = { prompt_tokens: 5 * input.length, total_tokens: 5 * input.length }
    greeting(200, JSON.stringify({ object: 'list', model, data: short ? data.slice(1) : data, usage }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    get requests() {
      return seen.requests
    },
    get texts() {
      return seen.texts
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
