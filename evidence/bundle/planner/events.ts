import type { PlannerEvent } from '../../../agents/planner/step-context.ts'
import { StatusChanged } from '../../../schemas/messages/run.ts'
import { registry } from '../../../schemas/registry.ts'
import type { LogLine } from '../records.ts'

/** An event with its place in the log; `times` are when the planner may have taken it: as it came, or with what it sent then. */
export type LoggedEvent = { event: PlannerEvent; seq: number; times: string[] }

const heard = ['run-started', 'operator-command', 'tried', 'verdict', 'report', 'final-eval-results', 'fault'] as const

/**
 * What a run's planner reacted to, in the orders in which it may have: as it came, and as what it sent says. The log does not tell which
 * of two events that wait at the same time is taken first, and when an event without consequences was.
 */
export function eventOrders(entries: readonly LogLine[], sent: readonly LogLine[]): LoggedEvent[][] {
  const effects = Map.groupBy(sent, ({ cause }) => cause)
  const logged = [...entries.flatMap(eventOf), ...sent.flatMap(faultOf)]
  const firstOf = ({ event }: LoggedEvent) => effects.get(event.id)?.[0]
  const events = logged.map(
    (each): LoggedEvent => ({ ...each, times: [...each.times, firstOf(each)?.at ?? []].flat() }),
  )
  const bySent = ({ seq, event }: LoggedEvent) => effects.get(event.id)?.[0]?.seq ?? seq
  return [events.toSorted((a, b) => bySent(a) - bySent(b)), events.toSorted((a, b) => a.seq - b.seq)]
}

function eventOf({ name, seq, id, at, payload, parseError }: LogLine): LoggedEvent[] {
  const kind = heard.find((each) => each === name)
  const parsed = kind && parseError === undefined ? registry[kind].schema.safeParse(payload) : null
  if (!parsed?.success) return []
  return [{ event: { kind, payload: parsed.data, id, at } as PlannerEvent, seq, times: [at] }]
}

/** A dead letter is no message of the log: what is known of it is that the run's status said so. */
function faultOf({ name, seq, id, at, payload }: LogLine): LoggedEvent[] {
  const [, letter] = /status-changed:faulted:(fault:.+)$/s.exec(id) ?? []
  const recorded = name === StatusChanged.name ? StatusChanged.schema.safeParse(payload) : null
  const [, message, reason] = /^([^:]*): (.*)$/s.exec(recorded?.data?.reason ?? '') ?? []
  if (!letter || message === undefined || reason === undefined) return []
  const faultPayload = { deadLetter: letter.replace('fault:', ''), message, reason }
  return [{ event: { kind: 'fault', payload: faultPayload, id: letter, at }, seq, times: [at] }]
}
