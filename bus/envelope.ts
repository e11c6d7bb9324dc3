import type { MsgHdrs } from 'nats'
import { z } from 'zod'
import { JsonBoundsError, maxStoredDepth, parseJson } from '../schemas/bounded-json.ts'
import type { Message } from '../schemas/message.ts'
import { registry } from '../schemas/registry.ts'
import { header } from './headers.ts'
import { parseSubject, type SubjectParts } from './subjects.ts'

export type Decoded =
  | { ok: true; message: Message; payload: unknown }
  /** `raw` is the payload as JSON where it is that, else as text. */
  | { ok: false; reason: string; raw: unknown }

type Messages = Readonly<Record<string, Message>>
const utf8 = new TextDecoder()

/** `name@version`, the value of the Syllabus-Message header. */
export const versionTag = (message: Pick<Message, 'name' | 'version'>) => `${message.name}@${message.version}`

/**
 * Reads one message of the log. The subject decides which message it is, since the server checks who may publish there;
 * the header must agree. A message of the version before is lifted to this one.
 */
export function decode(
  subject: string,
  headers: MsgHdrs | undefined,
  data: Uint8Array,
  messages: Messages = registry,
): Decoded {
  const parts = parseSubject(subject)
  const text = utf8.decode(data)
  let raw: unknown = text
  const refuse = (reason: string): Decoded => ({ ok: false, reason, raw })
  try {
    raw = parseJson(text, { maxDepth: maxStoredDepth })
  } catch (error) {
    return refuse(
      error instanceof JsonBoundsError ? `the payload is not read: ${error.message}` : 'the payload is not JSON',
    )
  }
  const message = parts && messageOf(parts, messages)
  if (!message) return refuse(`no message belongs on the subject ${subject}`)
  const tag = headers?.get(header.message) ?? ''
  if (tag === versionTag(message)) return parse(message, message.schema, raw, refuse)
  const { previous } = message
  if (previous && tag === versionTag({ ...message, version: previous.version })) {
    const old = previous.schema.safeParse(raw)
    if (!old.success) return refuse(`${tag}: ${z.prettifyError(old.error)}`)
    return parse(message, message.schema, previous.upgrade(old.data), refuse)
  }
  return refuse(notRead(tag, message))
}

/** Why a message is not read whose header names neither this version nor the one before. */
function notRead(tag: string, { name, version, previous }: Message): string {
  const [, named, sent] = /^(.*)@([1-9]\d{0,8})$/.exec(tag) ?? []
  if (named !== name) return `the header names "${tag.slice(0, 200)}", the subject ${name}`
  const read = previous ? `${version} and ${previous.version}` : `${version}`
  const fix =
    Number(sent) > version ? 'a newer Syllabus; update this process' : 'an older Syllabus; update it, and send again'
  return `version ${sent} of ${name} is not read here, only ${read}: its sender runs ${fix}`
}

function messageOf(parts: SubjectParts, messages: Messages): Message | null {
  const message = messages[parts.name]
  if (!message) return null
  const addressed = message.kind === 'work' ? parts.to?.role === message.to : parts.to === undefined
  return addressed ? message : null
}

function parse(message: Message, schema: z.ZodType, raw: unknown, refuse: (reason: string) => Decoded): Decoded {
  const parsed = schema.safeParse(raw)
  if (!parsed.success) return refuse(`${versionTag(message)}: ${z.prettifyError(parsed.error)}`)
  return { ok: true, message, payload: parsed.data }
}

/**
 * Whether the server, not a client, put the message into the log. nats-server sends the reply to a request to whatever
 * reply subject the client names, without asking for the right to publish there; a copy made by a direct get would so
 * become a forged message, but carries `copies` more of this header than one that a client published.
 */
export function isServerCopy(headers: MsgHdrs | undefined, copies = 0): boolean {
  return (headers?.values(header.serverCopy).length ?? 0) > copies
}
