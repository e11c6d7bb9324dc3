import { createHash } from 'node:crypto'

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
  const traceId = cause?.traceparent.split('-')[1] ?? hex(`run ${runId}`, 32)
  return `00-${traceId}-${hex(`message ${messageId}`, 16)}-01`
}

/** `role/variant/instance`, as the header Syllabus-From has it. */
export const formatSender = (from: Sender) => `${from.role}/${from.variant}/${from.instance}`

/** What is missing is `unknown`. */
export function parseSender(text: string | undefined): Sender {
  const [role, variant, instance] = (text ?? '').split('/').map((part) => part || 'unknown')
  return { role: role ?? 'unknown', variant: variant ?? 'unknown', instance: instance ?? 'unknown' }
}
