import { modes } from '../../../agents/planner/llm/modes.ts'
import { review } from '../../../agents/planner/llm/review.ts'
import { policies } from '../../../agents/planner/policies.ts'
import { PlannerBudgetExhausted, type Policy, ProgramFault, unpaidDiagnosis } from '../../../agents/planner/policy.ts'
import type { Outgoing, PlannerState } from '../../../agents/planner/state.ts'
import { step } from '../../../agents/planner/step.ts'
import type { PlannerEvent } from '../../../agents/planner/step-context.ts'
import type { PlannerStore } from '../../../agents/planner/store.ts'
import { firstId } from '../../../bus/mod.ts'
import { canonicalJson, hashOf, sha256 } from '../../../schemas/hash.ts'
import type { ObjectRef } from '../../../schemas/ids.ts'
import type { LogEntry } from '../../../schemas/log-entry.ts'
import type { Message } from '../../../schemas/message.ts'
import { Progress, RunFinished, StatusChanged } from '../../../schemas/messages/run.ts'
import { plural } from '../../../schemas/number-text.ts'
import { type MessageName, registry } from '../../../schemas/registry.ts'
import { Row } from '../../../schemas/row.ts'
import { PublicTask } from '../../../schemas/task.ts'
import type { VariantOf } from '../../../schemas/variants.ts'
import type { RunFacts } from '../../report/mod.ts'
import { bundleFiles } from '../manifest.ts'
import type { Bundle } from '../read.ts'
import { JournalLine } from '../records.ts'
import { type BundleEvidence, type Check, messagePlace } from './check.ts'
import { type Ledger, openLedger } from './ledger.ts'

/**
 * Every step of the planner taken again from what it heard: which shards and trainings it asked for, which attempt it chose, why it
 * stopped, what it froze. A message that it would not have sent is a difference, and so is one that it would have. What a language model
 * decided is taken from its replies.
 */
export const plannerCheck: Check = {
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
async function reducer({ bundle, facts, config }: BundleEvidence): Promise<Reduce | null> {
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

type Reply = { text: string; truncated: boolean }

/**
 * What a language model decided, as the log has it, and as one of its replies says: a model does not decide the same again.
 * @throws one for an attempt whose decision the log does not have, or whose program none of the replies asked for holds
 */
async function recordedPolicy(
  bundle: Bundle,
  { decisions }: RunFacts,
): Promise<(mode: keyof typeof modes) => Promise<Policy>> {
  const replies = await repliesOf(bundle)
  return async (mode) => ({
    ...modes[mode],
    async decide(situation) {
      const { runId, attempt, operation } = situation
      const decision = decisions.find(({ payload }) => payload.attempt === attempt)?.payload
      if (!decision) throw new Error(`the log has no decision on attempt ${attempt}, which was due`)
      const { program, diagnosis, model, promptHashes, spent, error = '' } = decision
      const recorded = { diagnosis, model, ...(promptHashes && { promptHashes }), ...(spent && { spent }) }
      const own = replies.get(`${runId}.a${attempt}.${operation}`) ?? []
      const reviewed = await Promise.all(own.map((reply) => review(reply, situation)))
      const held = reviewed.flatMap((each) => (each.ok ? [each.program] : []))
      if (!program) {
        if (held.length > 0)
          throw new Error(`a reply holds a program for attempt ${attempt}, and its decision says none`)
        const Fault = diagnosis === unpaidDiagnosis ? PlannerBudgetExhausted : ProgramFault
        throw new Fault(error, { ...recorded, wrote: '' })
      }
      if (!held.some((each) => hashOf(each) === hashOf(program)))
        throw new Error(
          `the program of attempt ${attempt} follows from none of the planner's ${own.length} ${plural(own.length, 'reply', 'replies')}`,
        )
      return { ...recorded, program }
    },
  })
}

/** The replies of the planner's model, by the decision they were asked for. */
async function repliesOf(bundle: Bundle): Promise<ReadonlyMap<string, Reply[]>> {
  const replies = new Map<string, Reply[]>()
  for await (const { key, value } of bundle.lines(bundleFiles.journal('plan-journal'), JournalLine)) {
    if (!('reply' in value)) continue
    const decision = key.slice(0, key.lastIndexOf('.'))
    replies.set(decision, [...(replies.get(decision) ?? []), value.reply])
  }
  return replies
}

/** An event with its place in the log; `times` are when the planner may have taken it: as it came, or with what it sent then. */
type LoggedEvent = { event: PlannerEvent; seq: number; times: string[] }

const heard = ['run-started', 'operator-command', 'tried', 'verdict', 'report', 'final-eval-results', 'fault'] as const

/**
 * What a run's planner reacted to, in the orders in which it may have: as it came, and as what it sent says. The log does not tell which
 * of two events that wait at the same time is taken first, and when an event without consequences was.
 */
function eventOrders(entries: readonly LogEntry[], sent: readonly LogEntry[]): LoggedEvent[][] {
  const effects = Map.groupBy(sent, ({ cause }) => cause)
  const logged = [...entries.flatMap(eventOf), ...sent.flatMap(faultOf)]
  const firstOf = ({ event }: LoggedEvent) => effects.get(event.id)?.[0]
  const events = logged.map(
    (each): LoggedEvent => ({ ...each, times: [...each.times, firstOf(each)?.at ?? []].flat() }),
  )
  const bySent = ({ seq, event }: LoggedEvent) => effects.get(event.id)?.[0]?.seq ?? seq
  return [events.toSorted((a, b) => bySent(a) - bySent(b)), events.toSorted((a, b) => a.seq - b.seq)]
}

function eventOf({ name, seq, id, at, payload, parseError }: LogEntry): LoggedEvent[] {
  const kind = heard.find((each) => each === name)
  const parsed = kind && parseError === undefined ? registry[kind].schema.safeParse(payload) : null
  if (!parsed?.success) return []
  return [{ event: { kind, payload: parsed.data, id, at } as PlannerEvent, seq, times: [at] }]
}

/** A dead letter is no message of the log: what is known of it is that the run's status said so. */
function faultOf({ name, seq, id, at, payload }: LogEntry): LoggedEvent[] {
  const [, letter] = /status-changed:faulted:(fault:.+)$/s.exec(id) ?? []
  const recorded = name === StatusChanged.name ? StatusChanged.schema.safeParse(payload) : null
  const [, message, reason] = /^([^:]*): (.*)$/s.exec(recorded?.data?.reason ?? '') ?? []
  if (!letter || message === undefined || reason === undefined) return []
  const faultPayload = { deadLetter: letter.replace('fault:', ''), message, reason }
  return [{ event: { kind: 'fault', payload: faultPayload, id: letter, at }, seq, times: [at] }]
}

/** The blobs of a bundle as a planner reads them; what it puts is named and not kept: what is right lies in the bundle already. */
function bundleStore(bundle: Bundle, runId: string): PlannerStore {
  const put = (name: string, text: string): ObjectRef => ({
    account: 'LAB',
    name: `${runId}/${name}`,
    sha256: sha256(text),
    bytes: Buffer.byteLength(text),
  })
  return {
    task: ({ sha256 }) => bundle.json(bundleFiles.object(sha256), PublicTask),
    getRows: (ref) => bundle.rowsOf(ref, Row),
    putProgram: async (program) => put('program', canonicalJson(program)),
    putRound: async (round) => put('round', canonicalJson(round)),
    putRows: async (rows) => put('rows', rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
  }
}
