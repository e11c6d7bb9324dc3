import { createConnection } from 'node:net'

/** Bytes of what a stranger says that are shown. */
const shownBytes = 40

/**
 * What stands at an address where no NATS server could be spoken to: its first words, or that it has none. Null for a NATS server, which
 * says `INFO` at once, and where nothing listens.
 */
export function listenerAt(address: string, waitMs: number): Promise<string | null> {
  const { hostname, port } = new URL(address)
  const { promise, resolve } = Promise.withResolvers<string | null>()
  const socket = createConnection(Number(port), hostname.replace(/^\[|\]$/g, ''))
  const timer = setTimeout(() => {
    resolve(socket.connecting ? null : 'it takes connections and says nothing, as a NATS server would')
    socket.destroy()
  }, waitMs)
  socket.once('data', (bytes: Buffer) => {
    const first = bytes.toString('latin1').slice(0, shownBytes)
    resolve(first.startsWith('INFO ') ? null : `it says ${JSON.stringify(first)}`)
    socket.destroy()
  })
  socket.on('error', () => {})
  socket.once('close', () => {
    clearTimeout(timer)
    resolve(null)
  })
  return promise
}
