import { WebSocket } from 'ws'
import type { ServerFrame } from '../../trace/frames.ts'
import { until } from './nats.ts'

/** A viewer that is no browser: it keeps the frames it got. */
export function openViewer(gateway: { url: string }, query: Record<string, string | number>, headers = {}) {
  const url = new URL(gateway.url)
  const token = url.searchParams.get('token') ?? ''
  url.protocol = 'ws:'
  url.pathname = '/ws'
  url.search = new URLSearchParams({
    token,
    ...Object.fromEntries(Object.entries(query).map(([k, v]) => [k, String(v)])),
  }).toString()
  const socket = new WebSocket(url, { headers })
  const frames: ServerFrame[] = []
  const closed = Promise.withResolvers<{ code: number; reason: string }>()
  const refused = Promise.withResolvers<number>()
  socket.on('message', (data) => frames.push(JSON.parse(String(data))))
  socket.on('close', (code, reason) => closed.resolve({ code, reason: String(reason) }))
  socket.on('unexpected-response', (request, response) => {
    refused.resolve(response.statusCode ?? 0)
    request.destroy()
  })
  socket.on('error', () => {})
  const of = <T extends ServerFrame['type']>(type: T) =>
    frames.filter((frame): frame is Extract<ServerFrame, { type: T }> => frame.type === type)
  return {
    socket,
    of,
    closed: closed.promise,
    /** The HTTP status with which the connection was refused. */
    refused: refused.promise,
    seqs: () => of('entry').map((frame) => frame.seq),
    caughtUp: () => until('the viewer caught up', () => of('caught-up').length > 0),
  }
}
