import { modes } from '../../agents/planner/llm/modes.ts'
import { review } from '../../agents/planner/llm/review.ts'
import { PlannerBudgetExhausted, type Policy, ProgramFault, unpaidDiagnosis } from '../../agents/planner/policy.ts'
import type { PlannerEvent } from '../../agents/planner/step-context.ts'
import type { Store } from '../../agents/planner/store.ts'
import { canonicalJson, hashOf, sha256 } from '../../schemas/hash.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import type { LogEntry } from '../../schemas/log-entry.ts'
import { StatusChanged } from '../../schemas/messages/run.ts'
import { registry } from '../../schemas/registry.ts'
import { Row } from '../../schemas/row.ts'
import { PublicTask } from '../../schemas/task.ts'
import type { RunFacts } from '../report/mod.ts'
import { bundleFiles } from './manifest.ts'
import type { Bundle } from './read.ts'
import { JournalLine } from './records.ts'

type Reply = { text: string; truncated: boolean }

/**
 * What a language model decided, as the log has it, and as one of its replies says: a model does not decide the same again.
 * @throws one for an attempt whose decision the log does not have, or whose program none of the replies asked for holds
 */
export async function recordedPolicy(
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
        throw new Error(`the program of attempt ${attempt} follows from none of the planner's ${own.length} replies`)
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
export type LoggedEvent = { event: PlannerEvent; seq: number; times: string[] }

const heard = ['run-started', 'operator-command', 'tried', 'verdict', 'report', 'final-eval-results', 'fault'] as const

/**
 * What a run's planner reacted to, in the orders in which it may have: as it came, and as what it sent says. The log does not tell which
 * of two events that wait at the same time is taken first, and when an event without consequences was.
 */
export function eventOrders(entries: readonly LogEntry[], sent: readonly LogEntry[]): LoggedEvent[][] {
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
export function bundleStore(bundle: Bundle, runId: string): Store {
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
