import type { ServerFrame, ViewerFrame } from '../frames.ts'

export type ConnectionState = 'connecting' | 'replaying' | 'live' | 'away' | 'full' | 'refused'

type Options = {
  token: string
  run: string | null
  /** The number of the last message that the page has. */
  position: () => number
  onFrame: (frame: ServerFrame) => void
  onState: (state: ConnectionState) => void
}

const firstRetryMs = 300
const longestRetryMs = 5000

/**
 * Keeps a WebSocket to the gateway for as long as the page lives. After a loss it comes back by itself, with the number
 * after the last message that it has.
 */
export function connect({ token, run, position, onFrame, onState }: Options) {
  let socket: WebSocket | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let closed = false
  let retryMs = firstRetryMs

  function open() {
    onState('connecting')
    const url = new URL('/ws', location.href)
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
    url.search = new URLSearchParams({ token, ...(run && { run }), from: String(position() + 1) }).toString()
    socket = new WebSocket(url)
    socket.onopen = () => onState(run ? 'replaying' : 'live')
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data) as ServerFrame
      if (frame.type === 'caught-up') {
        retryMs = firstRetryMs
        onState('live')
      }
      onFrame(frame)
    }
    socket.onclose = () => !closed && retry()
  }

  async function retry() {
    onState('away')
    // A failed WebSocket gives no reason; this answers whether the token or the number of viewers is the trouble.
    const answer = await fetch(`/session?${new URLSearchParams({ token })}`).catch(() => null)
    if (closed) return
    if (answer?.status === 401) {
      onState('refused')
      return
    }
    if (answer?.status === 503) onState('full')
    timer = setTimeout(open, retryMs)
    retryMs = Math.min(longestRetryMs, retryMs * 2)
  }

  open()
  return {
    send: (frame: ViewerFrame) => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame)),
    close() {
      closed = true
      clearTimeout(timer)
      socket?.close()
    },
  }
}
