import { createConnection } from 'node:net'

/** Bytes of what a stranger says that are shown. */
const shownBytes = 40
/** The greeting of a NATS server is a line, which clusters make long. */
const maxGreetingBytes = 64 * 1024
const greeting = 'INFO '

/**
 * What stands at an address where no NATS server could be spoken to: its first words, or that it has none. Null for a NATS server, which
 * greets with `INFO` and a JSON object at once, and where nothing listens. What is silent for half of `waitMs` is asked with a `PING`, which an
 * HTTP server, and most others, answer with an error.
 */
export function listenerAt(address: string, waitMs: number): Promise<string | null> {
  const { hostname, port } = new URL(address)
  const { promise, resolve } = Promise.withResolvers<string | null>()
  const socket = createConnection(Number(port), hostname.replace(/^\[|\]$/g, ''))
  let first = ''
  const timers = [setTimeout(() => end(null), waitMs)]
  const end = (found: string | null) => {
    for (const timer of timers) clearTimeout(timer)
    resolve(found)
    socket.destroy()
  }
  socket.once('connect', () => {
    clearTimeout(timers.pop())
    timers.push(setTimeout(() => first === '' && socket.write('PING\r\n\r\n'), waitMs / 2))
    timers.push(
      setTimeout(
        () => end(first === '' ? 'it takes connections and says nothing, as a NATS server would' : saying(first)),
        waitMs,
      ),
    )
  })
  socket.on('data', (bytes: Buffer) => {
    first += bytes.toString('latin1', 0, maxGreetingBytes)
    const isWhole = first.includes('\n') || first.length >= maxGreetingBytes
    if (!greeting.startsWith(first.slice(0, greeting.length))) end(saying(first))
    else if (isWhole) end(isGreeting(first) ? null : saying(first))
  })
  socket.on('error', () => {})
  socket.once('close', () => end(null))
  return promise
}

function isGreeting(text: string): boolean {
  const [line = ''] = text.slice(greeting.length).split(/\r?\n/, 1)
  try {
    return typeof JSON.parse(line) === 'object'
  } catch {
    return false
  }
}

function saying(first: string): string {
  if (first.startsWith('\x15\x03') || first.startsWith('\x16\x03')) return 'it speaks TLS at once'
  const [line = ''] = first.slice(0, shownBytes).split(/\r?\n/, 1)
  return `${first.startsWith('HTTP/') ? 'it is an HTTP server, and' : 'it'} says ${JSON.stringify(line)}`
}
