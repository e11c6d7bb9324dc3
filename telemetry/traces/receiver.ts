import type { Agent } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { SpanContext } from '@opentelemetry/api'
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http'
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { reasonOf } from '../../schemas/user-error.ts'
import { protocolOf } from './environment.ts'
import type { MessageSpan } from './span.ts'

type ReadableSpan = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0][number]

/** How a request ended. `refused`: for what these spans hold, so that they are not sent again. `failed`: it is to be repeated. */
export type Sent =
  | { outcome: 'taken'; rejected: number }
  | { outcome: 'refused' | 'failed'; reason: string; afterMs?: number }

/** Where traces are sent. */
export type Receiver = {
  /** Its address without a path, a user or a query. */
  name: string
  send(spans: readonly MessageSpan[], signal: AbortSignal): Promise<Sent>
}

/** Requests that these statuses answer are refused for what they hold; any other failure may pass. */
const contentStatus: ReadonlySet<number> = new Set([400, 413, 422])

/** Opens the receiver of OpenTelemetry's variables, which hold for this process: address, headers, certificates, time-out, compression. */
export function openReceiver(version: string): Receiver {
  const isJson = protocolOf(process.env) === 'http/json'
  const serializer = isJson ? JsonTraceSerializer : ProtobufTraceSerializer
  const config = convertLegacyHttpOptions({}, 'TRACES', 'v1/traces', {
    'content-type': isJson ? 'application/json' : 'application/x-protobuf',
  })
  const url = new URL(config.url)
  const resource = resourceFromAttributes({ 'service.name': 'syllabus', 'service.version': version }).merge(
    detectResources({ detectors: [envDetector] }),
  )
  const scope = { name: 'syllabus', version }
  let agent: Agent | null = null

  async function post(
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<{ status: number; afterMs?: number; body: Buffer }> {
    const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'))
    agent ??= await config.agentFactory(url.protocol)
    const isZipped = config.compression === 'gzip'
    const headers = { ...(await config.headers()), ...(isZipped && { 'content-encoding': 'gzip' }) }
    const sent = isZipped ? await promisify(gzip)(body) : body
    const until = AbortSignal.any([signal, AbortSignal.timeout(config.timeoutMillis)])
    return new Promise((resolve, reject) => {
      const asked = request(url, { method: 'POST', headers, agent: agent!, signal: until }, (response) => {
        const parts: Buffer[] = []
        let bytes = 0
        response.on('data', (part: Buffer) => {
          bytes += part.length
          if (bytes <= 65_536) parts.push(part)
        })
        response.once('error', reject)
        response.once('end', () => {
          const seconds = Number(response.headers['retry-after'])
          const afterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined
          resolve({ status: response.statusCode ?? 0, afterMs, body: Buffer.concat(parts) })
        })
      })
      asked.once('error', reject)
      asked.end(sent)
    })
  }

  const rejectedIn = (body: Buffer): number => {
    try {
      return body.length === 0 ? 0 : Number(serializer.deserializeResponse(body).partialSuccess?.rejectedSpans ?? 0)
    } catch {
      // It took them, in words that are no protocol's.
      return 0
    }
  }

  return {
    name: url.origin,
    async send(spans, signal) {
      const body = serializer.serializeRequest(
        spans.map((span) => ({ ...readable(span), resource, instrumentationScope: scope })),
      )
      if (!body) return { outcome: 'refused', reason: 'the spans cannot be written' }
      try {
        const { status, afterMs, body: answer } = await post(body, signal)
        if (status >= 200 && status < 300) return { outcome: 'taken', rejected: rejectedIn(answer) }
        const reason = `HTTP ${status}`
        return { outcome: contentStatus.has(status) ? 'refused' : 'failed', reason, ...(afterMs && { afterMs }) }
      } catch (error) {
        return { outcome: 'failed', reason: reasonOf(error) || 'it closes the connection' }
      }
    },
  }
}

type HrTime = [seconds: number, nanoseconds: number]
const hrTime = (ms: number): HrTime => [Math.floor(ms / 1000), (ms % 1000) * 1e6]

/** The span as the library writes it. */
function readable({
  name,
  kind,
  traceId,
  place,
  attributes,
  status,
  lines,
}: MessageSpan): Omit<ReadableSpan, 'resource' | 'instrumentationScope'> {
  const context = (spanId: string): SpanContext => ({ traceId, spanId, traceFlags: 1 })
  const { spanId, parentId, startMs, endMs } = place
  const endTime = hrTime(endMs)
  return {
    name,
    kind,
    spanContext: () => context(spanId),
    ...(parentId !== null && { parentSpanContext: context(parentId) }),
    startTime: hrTime(startMs),
    endTime,
    duration: hrTime(endMs - startMs),
    status,
    attributes,
    links: [],
    events: lines.map((line) => ({ name: 'syllabus.usage', time: endTime, attributes: line })),
    ended: true,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}
