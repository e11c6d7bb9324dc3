import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { PbfReader } from 'pbf'

/** A span as a receiver sees it. */
export type ReceivedSpan = {
  traceId: string
  spanId: string
  parentSpanId: string
  name: string
  attributes: Record<string, string | number>
  events: number
}

/** What a receiver answers: a status, or nothing at all; `silent`: it has taken the spans, and its answer is lost. */
export type OtlpAnswer = number | 'hang' | 'silent'

export type OtlpReceiver = AsyncDisposable & {
  url: string
  /** Spans that it has taken, in the order in which they came. */
  spans: ReceivedSpan[]
  /** Attributes of the resource of the last request. */
  resource: Record<string, string | number>
  requests: IncomingHttpHeaders[]
  /** Decides on each request; 200 where it is not set. */
  answer: ((spans: readonly ReceivedSpan[]) => OtlpAnswer) | null
}

type Taken = { spans: ReceivedSpan[]; resource: Record<string, string | number> }

/** A receiver of OTLP over HTTP, as a collector is one: protobuf and JSON, gzipped or not. */
export async function startOtlpReceiver(port = 0): Promise<OtlpReceiver> {
  const http = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      receiver.requests.push(request.headers)
      const sent = Buffer.concat(parts)
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
      const isJson = request.headers['content-type'] === 'application/json'
      const { spans, resource } = isJson ? readJson(body.toString()) : readProtobuf(body)
      const status = request.url === '/v1/traces' ? (receiver.answer?.(spans) ?? 200) : 404
      if (status === 'hang') return
      if (status === 200 || status === 'silent') {
        receiver.spans.push(...spans)
        receiver.resource = resource
      }
      if (status === 'silent') return
      response.writeHead(status).end(isJson ? '{}' : '')
    })
  })
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', () => resolve()))
  const receiver: OtlpReceiver = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    spans: [],
    resource: {},
    requests: [],
    answer: null,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      await new Promise<void>((resolve) => http.close(() => resolve()))
    },
  }
  return receiver
}

type JsonAttribute = { key: string; value: { stringValue?: string; intValue?: number | string; doubleValue?: number } }
type JsonSpan = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  attributes?: JsonAttribute[]
  events?: unknown[]
}
type JsonRequest = {
  resourceSpans: { resource: { attributes: JsonAttribute[] }; scopeSpans: { spans: JsonSpan[] }[] }[]
}

const jsonAttributes = (attributes: readonly JsonAttribute[] = []) =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue ?? value.doubleValue)]),
  )

function readJson(text: string): Taken {
  const { resourceSpans } = JSON.parse(text) as JsonRequest
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
  return {
    resource: jsonAttributes(resourceSpans[0]?.resource.attributes),
    spans: spans.map(({ traceId, spanId, parentSpanId = '', name, attributes, events = [] }) => ({
      traceId,
      spanId,
      parentSpanId,
      name,
      attributes: jsonAttributes(attributes),
      events: events.length,
    })),
  }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** Fields of opentelemetry/proto/trace/v1/trace.proto, by their numbers. */
function readProtobuf(body: Uint8Array): Taken {
  const taken: Taken = { spans: [], resource: {} }
  const messages = <T>(pbf: PbfReader, value: T, fields: Record<number, (value: T) => void>): T =>
    pbf.readMessage((tag, into: T) => fields[tag]?.(into), value)
  const attribute = (pbf: PbfReader, into: Record<string, string | number>) => {
    let key = ''
    let value: string | number = ''
    messages(pbf, null, {
      1: () => (key = pbf.readString()),
      2: () =>
        messages(pbf, null, {
          1: () => (value = pbf.readString()),
          3: () => (value = pbf.readVarint(true)),
          4: () => (value = pbf.readDouble()),
        }),
    })
    into[key] = value
  }
  const span = (pbf: PbfReader): ReceivedSpan =>
    messages(pbf, { traceId: '', spanId: '', parentSpanId: '', name: '', attributes: {}, events: 0 } as ReceivedSpan, {
      1: (into) => (into.traceId = hex(pbf.readBytes())),
      2: (into) => (into.spanId = hex(pbf.readBytes())),
      4: (into) => (into.parentSpanId = hex(pbf.readBytes())),
      5: (into) => (into.name = pbf.readString()),
      9: (into) => attribute(pbf, into.attributes),
      11: (into) => {
        pbf.readBytes()
        into.events += 1
      },
    })
  const pbf = new PbfReader(body)
  pbf.readFields((tag) => {
    if (tag !== 1) return
    messages(pbf, taken, {
      1: () => messages(pbf, taken.resource, { 1: (into) => attribute(pbf, into) }),
      2: () => messages(pbf, taken.spans, { 2: (into) => into.push(span(pbf)) }),
    })
  }, taken)
  return taken
}
