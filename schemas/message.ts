import { z } from 'zod'
import type { Account, AgentRole, Role } from './role.ts'

/** How a work message is delivered; times in milliseconds. */
export type DeliveryPolicy = {
  /** Redelivered when neither acknowledged nor heart-beaten for this long. */
  ackWaitMs: number
  /** Deliveries before the message becomes a dead letter. */
  maxDeliver: number
  /** Wait before the 2nd, 3rd, ... delivery after a failure; the last one repeats. */
  backoffMs: readonly number[]
}

/** A topology's changes to delivery policies, by message name. */
export const DeliveryChanges = z.record(
  z.string(),
  z.strictObject({
    ackWaitMs: z.number().int().min(1000).optional(),
    maxDeliver: z.number().int().min(1).optional(),
    backoffMs: z.array(z.number().int().nonnegative()).min(1).optional(),
  }),
)
export type DeliveryChanges = z.infer<typeof DeliveryChanges>

/** The message with a topology's changes to its delivery policy. */
export function withDelivery(message: WorkMessage, changes: DeliveryChanges | undefined): WorkMessage {
  const own = changes?.[message.name]
  return own ? { ...message, delivery: { ...message.delivery, ...own } } : message
}

/** A message that one role produces and one role works on: an arrow of the ring. */
export type WorkMessage<
  Name extends string = string,
  To extends AgentRole = AgentRole,
  Schema extends z.ZodType = z.ZodType,
> = {
  kind: 'work'
  name: Name
  version: number
  account: Exclude<Account, 'VAULT'>
  from: Role
  to: To
  schema: Schema
  delivery: DeliveryPolicy
  /** The version before this one, still read, and how to lift it. */
  previous?: { version: number; schema: z.ZodType; upgrade: (old: unknown) => unknown }
}

/** A message that nobody works on: it informs the readers of the log (page, report, status) what happened. */
export type EventMessage<Name extends string = string, Schema extends z.ZodType = z.ZodType> = {
  kind: 'event'
  name: Name
  version: number
  account: 'LAB'
  from: readonly Role[]
  schema: Schema
  previous?: { version: number; schema: z.ZodType; upgrade: (old: unknown) => unknown }
}

export type Message = WorkMessage | EventMessage

export type PayloadOf<M extends { schema: z.ZodType }> = z.infer<M['schema']>

const second = 1000
const defaultDelivery: DeliveryPolicy = {
  ackWaitMs: 30 * second,
  maxDeliver: 6,
  backoffMs: [1 * second, 5 * second, 15 * second, 30 * second],
}

/** Defines an arrow of the ring; `delivery` overrides the default policy. */
export function defineWork<const Name extends string, const To extends AgentRole, Schema extends z.ZodType>(
  spec: Omit<WorkMessage<Name, To, Schema>, 'kind' | 'delivery' | 'account' | 'version'> & {
    account?: 'LAB' | 'EXAM'
    version?: number
    delivery?: Partial<DeliveryPolicy>
  },
): WorkMessage<Name, To, Schema> {
  return {
    ...spec,
    kind: 'work',
    version: spec.version ?? 1,
    account: spec.account ?? 'LAB',
    delivery: { ...defaultDelivery, ...spec.delivery },
  }
}

export function defineEvent<const Name extends string, Schema extends z.ZodType>(
  spec: Omit<EventMessage<Name, Schema>, 'kind' | 'account' | 'version'> & { version?: number },
): EventMessage<Name, Schema> {
  return { ...spec, kind: 'event', version: spec.version ?? 1, account: 'LAB' }
}
