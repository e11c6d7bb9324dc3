import { connect, type Socket } from 'node:net'
import { z } from 'zod'

/** What a NATS server says of itself before any user or password is sent, and before TLS. */
export const Greeting = z.object({
  server_id: z.string().default(''),
  server_name: z.string(),
  version: z.string().default(''),
  proto: z.number().optional(),
  /** The name of its cluster. */
  cluster: z.string().optional(),
  max_payload: z.number().default(0),
  jetstream: z.boolean().default(false),
  tls_required: z.boolean().default(false),
  tls_verify: z.boolean().default(false),
})
export type Greeting = z.infer<typeof Greeting>

/** Longest line that is read of a server; a greeting has some 500 bytes, and clusters make it longer. */
export const maxServerLineBytes = 64 * 1024

/** Opens a socket to an address and reads its greeting; null where nobody greets as a NATS server does. The socket is the caller's then. */
export function greetedAt(url: string, timeoutMs = 1000): Promise<{ greeting: Greeting; socket: Socket } | null> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) })
    let text = ''
    const end = (greeting: Greeting | null) => {
      socket.removeAllListeners()
      socket.setTimeout(0)
      socket.on('error', () => {})
      if (!greeting) socket.destroy()
      resolve(greeting && { greeting, socket })
    }
    socket.setTimeout(timeoutMs, () => end(null))
    socket.on('error', () => end(null))
    socket.on('close', () => end(null))
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
      if (text.includes('\r\n')) end(greetingIn(text))
      else if (text.length > maxServerLineBytes) end(null)
    })
  })
}

/** The greeting alone. */
export async function greetingAt(url: string, timeoutMs?: number): Promise<Greeting | null> {
  const found = await greetedAt(url, timeoutMs)
  found?.socket.destroy()
  return found?.greeting ?? null
}

/** What the server at an address calls itself; null where there is none. */
export const serverNameAt = async (url: string, timeoutMs?: number): Promise<string | null> =>
  (await greetingAt(url, timeoutMs))?.server_name ?? null

function greetingIn(text: string): Greeting | null {
  const info = /^INFO (\{.*\})\s*\r\n/.exec(text)?.[1]
  try {
    return Greeting.parse(JSON.parse(info ?? 'null'))
  } catch {
    return null
  }
}
