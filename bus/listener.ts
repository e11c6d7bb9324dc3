import { createConnection } from 'node:net'
import { z } from 'zod'
import { Greeting, maxServerLineBytes } from './greeting.ts'

/** Bytes of what a stranger says that are shown. */
const shownBytes = 40
const greeting = 'INFO '

/** A greeting with what a client cannot do without. */
const WholeGreeting = Greeting.partial({ server_name: true }).extend({
  version: z.string().regex(/^\d+\.\d+/),
  max_payload: z.number(),
})
type WholeGreeting = z.infer<typeof WholeGreeting>

/** What a client says first, here without a user: two answers show that more than the greeting is NATS's. */
export const hello = `CONNECT ${JSON.stringify({ verbose: false, pedantic: false, lang: 'node', version: '0', protocol: 1 })}\r\nPING\r\n`
const again = 'PING\r\n'

const noTls = 'it asks for TLS, and no TLS connection can be made'
const wantsCertificate = 'it asks for a certificate of the client, and took none'
const silentThenClosed =
  'it says nothing, and closes the connection once it is spoken to (as a NATS server with handshake_first does, which is not supported)'

/** What stands at an address in place of a NATS server; or a NATS server, and why it `refuses` whoever connects. */
export type Listener = { stranger: string } | { refuses: string }

/**
 * What stands at an address where no NATS server could be spoken to: its first words, or that it has none. Null for a NATS server, which
 * greets with `INFO` and a JSON object at once, and answers each `PING`; for one that asks for a user or for TLS; and where nothing
 * listens. What is silent for half of `waitMs` is asked with a `PING`, which an HTTP server, and most others, answer with an error.
 * `hasFailed`: a client has waited in vain for what follows the greeting, so that silence and a closed connection tell as well.
 */
export function listenerAt(address: string, waitMs: number, hasFailed: boolean): Promise<Listener | null> {
  const { protocol, hostname, port } = new URL(address)
  const { promise, resolve } = Promise.withResolvers<Listener | null>()
  const socket = createConnection(Number(port), hostname.replace(/^\[|\]$/g, ''))
  let text = ''
  let isAsked = false
  let isGreeted = false
  let answers = 0
  const timers = [setTimeout(() => end(null), waitMs)]
  const end = (found: Listener | null) => {
    for (const timer of timers) clearTimeout(timer)
    resolve(found)
    socket.destroy()
  }
  const ask = () => {
    if (text !== '' || isGreeted) return
    isAsked = true
    socket.write('PING\r\n\r\n')
  }
  const silent = (): Listener | null => {
    if (isGreeted) return hasFailed ? { stranger: 'it greets as one and then says nothing' } : null
    return text === ''
      ? { stranger: 'it takes connections and says nothing, as a NATS server would' }
      : { stranger: saying(text) }
  }
  const closed = (): Listener | null => {
    if (isGreeted) return hasFailed ? { stranger: 'it greets as one and closes the connection' } : null
    if (text !== '') return { stranger: `${saying(text)} and closes the connection` }
    return isAsked ? { stranger: silentThenClosed } : null
  }
  /** Reads a whole line after the greeting; gives what is found, undefined to go on. */
  const answer = (line: string): Listener | null | undefined => {
    if (line === 'PONG') {
      socket.write(again)
      answers++
      return answers < 2 ? undefined : null
    }
    if (
      line === '' ||
      line === '+OK' ||
      line === 'PING' ||
      (line.startsWith(greeting) && typeof greetingIn(line) !== 'string')
    )
      return undefined
    const [, refusal] = /^-ERR '([^']*)'?/i.exec(line) ?? []
    if (refusal === undefined) return { stranger: `it greets as one, and then ${saying(line)}` }
    return /authori[sz]ation|authentication/i.test(refusal) ? null : { refuses: refusal.slice(0, shownBytes * 2) }
  }
  socket.once('connect', () => {
    clearTimeout(timers.pop())
    timers.push(setTimeout(ask, waitMs / 2))
    timers.push(setTimeout(() => end(silent()), waitMs))
  })
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1', 0, maxServerLineBytes)
    if (!isGreeted && !greeting.startsWith(text.slice(0, greeting.length))) return end({ stranger: saying(text) })
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n')) {
      const line = text.slice(0, at).trimEnd()
      if (isGreeted) {
        const found = answer(line)
        if (found !== undefined) return end(found)
      } else {
        const info = greetingIn(line)
        if (typeof info === 'string') return end({ stranger: info })
        if (info.tls_required) return end(hasFailed ? { refuses: info.tls_verify ? wantsCertificate : noTls } : null)
        // A client that wants TLS says nothing without it.
        if (protocol === 'tls:') return end(null)
        isGreeted = true
        socket.write(hello)
      }
      text = text.slice(at + 1)
    }
    if (text.length >= maxServerLineBytes) end({ stranger: saying(text) })
  })
  socket.on('error', () => {})
  socket.once('close', () => end(closed()))
  return promise
}

/** The greeting in a line, or what is wrong with it. */
function greetingIn(line: string): WholeGreeting | string {
  try {
    const { data, error } = WholeGreeting.safeParse(JSON.parse(line.slice(greeting.length)))
    const field = error?.issues[0]?.path.join('.')
    return data ?? (field ? `its greeting has no ${field} as NATS servers have it` : saying(line))
  } catch {
    return saying(line)
  }
}

function saying(text: string): string {
  if (text.startsWith('\x15\x03') || text.startsWith('\x16\x03')) return 'it speaks TLS at once'
  const [line = ''] = text.slice(0, shownBytes).split(/\r?\n/, 1)
  return `${text.startsWith('HTTP/') ? 'it is an HTTP server, and says' : 'it says'} ${JSON.stringify(line)}`
}
