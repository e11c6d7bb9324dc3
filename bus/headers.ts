import { createHash } from 'node:crypto'
import { MsgHdrsImpl } from 'nats'

export const header = {
  messageId: 'Nats-Msg-Id',
  traceparent: 'traceparent',
  cause: 'Syllabus-Cause',
  from: 'Syllabus-From',
  message: 'Syllabus-Message',
  redrive: 'Syllabus-Redrive',
  /** Set by the server on what it sends for a direct get; never on a message that a client published. */
  serverCopy: 'Nats-Stream',
} as const

/** What a message follows from: the id and trace context of the message being handled. */
export type Cause = { id: string; traceparent: string }

/** Who sent a message. */
export type Sender = { role: string; variant: string; instance: string }

const hex = (text: string, digits: number) => createHash('sha256').update(text).digest('hex').slice(0, digits)

/**
 * W3C trace context (https://www.w3.org/TR/trace-context/): a child span of the cause, or the root of the run's trace.
 * Both ids follow from the run and the message, so that a message published twice carries the same context.
 */
export function traceparentFor(runId: string, messageId: string, cause: Cause | undefined): string {
  const traceId = cause?.traceparent.split('-')[1] ?? traceIdOf(runId)
  return `00-${traceId}-${spanIdOf(messageId)}-01`
}

/** The one trace of a run. */
export const traceIdOf = (runId: string) => hex(`run ${runId}`, 32)

/** The span of a message; `messageId` holds the run's id. */
export const spanIdOf = (messageId: string) => hex(`message ${messageId}`, 16)

/** `role/variant/instance`, as the header Syllabus-From has it. */
export const formatSender = (from: Sender) => `${from.role}/${from.variant}/${from.instance}`

/** What is missing is `unknown`. */
export function parseSender(text: string | undefined): Sender {
  const [role, variant, instance] = (text ?? '').split('/').map((part) => part || 'unknown')
  return { role: role ?? 'unknown', variant: variant ?? 'unknown', instance: instance ?? 'unknown' }
}

/*
 * nats-server stores whatever bytes a client sends as headers. nats.js 3.4 reads them within the callback of its connection, and throws
 * there for a name that has a space: the connection then reads nothing more, so one such message on the log ended every reader of it. A
 * status in the first line ("NATS/1.0 404") is taken for the server's own word that nothing follows, also where it is a stored message's.
 * So this module, where it is imported, reads headers for all of nats.js: a line that is no header is left out, and a stored message has no
 * status.
 */

type Headers = ReturnType<typeof MsgHdrsImpl.decode>

const text = new TextDecoder()
const bytes = new TextEncoder()
const strict = MsgHdrsImpl.decode

const block = (lines: readonly string[]) => bytes.encode(`${lines.join('\r\n')}\r\n\r\n`)

/** Headers of a message; never throws. */
function decodeHeaders(data: Uint8Array): Headers {
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
