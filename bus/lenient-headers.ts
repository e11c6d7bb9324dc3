import { MsgHdrsImpl } from 'nats'

/*
 * nats-server stores whatever bytes a client sends as headers. nats.js 3.4 reads them within the callback of its connection, and throws there
 * for a name that has a space: the connection then reads nothing more, so one such message on the log ended every reader of it. A status in
 * the first line ("NATS/1.0 404") is taken for the server's own word that nothing follows, also where it is a stored message's. So this module,
 * where it is imported, reads headers for all of nats.js: a line that is no header is left out, and a stored message has no status.
 */

type Headers = ReturnType<typeof MsgHdrsImpl.decode>

const text = new TextDecoder()
const bytes = new TextEncoder()
const strict = MsgHdrsImpl.decode

const block = (lines: readonly string[]) => bytes.encode(`${lines.join('\r\n')}\r\n\r\n`)

/** Headers of a message; never throws. */
export function decodeHeaders(data: Uint8Array): Headers {
  const read = strictly(data) ?? strict(block(validLines(data)))
  const isStored = read.has('Nats-Sequence') && read.code > 0
  return isStored ? strict(block(['NATS/1.0', ...linesOf(read)])) : read
}

function strictly(data: Uint8Array): Headers | null {
  try {
    return strict(data)
  } catch {
    return null
  }
}

function validLines(data: Uint8Array): string[] {
  const [first = '', ...lines] = text.decode(data).split('\r\n')
  return [first, ...lines.filter((line) => line && strictly(block(['NATS/1.0', line])))]
}

const linesOf = (read: Headers) => [...read].flatMap(([name, values]) => values.map((value) => `${name}: ${value}`))

MsgHdrsImpl.decode = decodeHeaders
