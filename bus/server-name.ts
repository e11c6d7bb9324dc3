import { connect } from 'node:net'

/** Longest greeting that is read; a server's own has some 500 bytes. */
const mostBytes = 64 * 1024

/**
 * What the server at an address calls itself in its greeting, which comes before any user or password is sent; null where nobody
 * greets as a NATS server does.
 */
export function serverNameAt(url: string, timeoutMs = 1000): Promise<string | null> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) })
    let greeting = ''
    const end = (name: string | null) => {
      socket.destroy()
      resolve(name)
    }
    socket.setTimeout(timeoutMs, () => end(null))
    socket.on('error', () => end(null))
    socket.on('close', () => end(null))
    socket.setEncoding('latin1').on('data', (text: string) => {
      greeting += text
      if (greeting.includes('\r\n')) end(nameIn(greeting))
      else if (greeting.length > mostBytes) end(null)
    })
  })
}

function nameIn(greeting: string): string | null {
  const info = /^INFO (\{.*\})\s*\r\n/.exec(greeting)?.[1]
  try {
    const { server_name: name } = JSON.parse(info ?? 'null') as { server_name?: unknown }
    return typeof name === 'string' ? name : null
  } catch {
    return null
  }
}
