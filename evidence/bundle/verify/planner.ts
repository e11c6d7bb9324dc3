import { policies } from '../../../agents/planner/policies.ts'
import type { Outgoing, PlannerState } from '../../../agents/planner/state.ts'
import { step } from '../../../agents/planner/step.ts'
import { firstId } from '../../../bus/mod.ts'
import type { LogEntry } from '../../../schemas/log-entry.ts'
import type { Message } from '../../../schemas/message.ts'
import { Progress, RunFinished } from '../../../schemas/messages/run.ts'
import { type MessageName, registry } from '../../../schemas/registry.ts'
import type { VariantOf } from '../../../schemas/variants.ts'
import { bundleStore, eventOrders, type LoggedEvent, recordedPolicy } from '../recorded-planner.ts'
import { type Check, type Evidence, messagePlace } from './check.ts'
import { type Ledger, openLedger } from './ledger.ts'

/**
 * Every step of the planner taken again from what it heard: which shards and trainings it asked for, which attempt it chose, why it
 * stopped, what it froze. A message that it would not have sent is a difference, and so is one that it would have. What a language model
 * decided is taken from its replies.
 */
export const planner: Check = {
  name: 'planner',
  what: 'every step of the planner taken again; of a model, from its replies',
  async run(evidence, ledger) {
    const { entries, config } = evidence
    const seen = new Set<string>()
    const own = entries.filter(({ id }) => !seen.has(id) && seen.add(id))
    const sent = own.filter(({ from, name }) => from.role === 'planner' && name !== Progress.name)
    const reduce = await reducer(evidence)
    if (!reduce) return ledger.leave(`there is no planner "${config.variants.planner}" in this version`)
    const ledgers: Ledger[] = []
    for (const events of eventOrders(own, sent)) {
      const taken = openLedger()
      await follow(events, sent, reduce, taken)
      ledgers.push(taken)
      if (holds(taken)) break
    }
    ledger.add((ledgers.find(holds) ?? ledgers[0]!).result())
  },
}

const holds = (ledger: Ledger): boolean => ledger.result().differences.length === 0

type Reduce = (before: PlannerState | null, event: LoggedEvent['event']) => Promise<PlannerState>

/** The planner of the run; null where this version has none of its name. */
async function reducer({ bundle, facts, config }: Evidence): Promise<Reduce | null> {
  const { planner: variant } = config.variants
  const [store, signal] = [bundleStore(bundle, config.runId), new AbortController().signal]
  if (!variant || !Object.hasOwn(policies, variant)) return null
  const policy = await policies[variant as VariantOf<'planner'>](await recordedPolicy(bundle, facts))
  return (before, event) => step(before, event, { store, signal, policy })
}

/** Takes the steps one after the other, and compares what each sends with what was sent. */
async function follow(
  events: readonly LoggedEvent[],
  sent: readonly LogEntry[],
  reduce: Reduce,
  ledger: Ledger,
): Promise<void> {
  const left = new Map(sent.map((entry) => [entry.id, entry]))
  const isOver = sent.some(({ name }) => name === RunFinished.name)
  const last = sent.at(-1)?.seq ?? 0
  let state: PlannerState | null = null
  for (const { event, seq, times } of events) {
    const tries: { next: PlannerState; recorded: Ledger }[] = []
    for (const at of times) {
      const next = await reduce(state, { ...event, at })
      const recorded = openLedger()
      for (const message of next.outbox) compareSent(`${next.config.runId}.${message.id}`, message, left, recorded)
      tries.push({ next, recorded })
      if (holds(recorded)) break
    }
    const { next, recorded } = tries.find(({ recorded }) => holds(recorded)) ?? tries[0]!
    const ids = next.outbox.map(({ id }) => `${next.config.runId}.${id}`)
    if (!isOver && seq > last && !ids.some((id) => left.has(id)))
      return ledger.leave(`what the planner did after message ${seq}, in a run that is not over`)
    ledger.add(recorded.result())
    for (const id of ids) left.delete(id)
    state = { ...next, outbox: [] }
  }
  for (const { id, name, seq } of left.values()) {
    // A dead letter's message that was sent again.
    if (firstId(id) !== id) continue
    ledger.differs({ place: messagePlace(name, { seq }, 'who sent it'), recorded: 'the planner', recomputed: null })
  }
}

function compareSent(
  id: string,
  { name, variant, payload }: Outgoing,
  sent: ReadonlyMap<string, LogEntry>,
  ledger: Ledger,
) {
  const entry = sent.get(id)
  if (!entry)
    return ledger.differs({ place: `log.jsonl: ${id}`, recorded: null, recomputed: 'a message of the planner' })
  const { schema } = registry[name as MessageName] as Message
  const [recorded, due] = [entry.payload, payload].map((each) => schema.safeParse(each).data as Record<string, unknown>)
  const place = (field: string) => messagePlace(name, entry, field)
  ledger.same(place('to.variant'), entry.to?.variant, variant ?? undefined)
  for (const field of new Set([...Object.keys(recorded ?? {}), ...Object.keys(due ?? {})])) {
    // What a model wrote in place of a program is not kept, its hash alone is.
    if (name === 'decision' && field === 'programHash' && due?.program === null) continue
    if (recorded?.[field] === undefined && due?.[field] !== undefined)
      ledger.leave(`${field} of ${name}: this run does not say it, as those of before it was said`)
    else ledger.same(place(field), recorded?.[field], due?.[field])
  }
}
