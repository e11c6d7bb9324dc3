import { firstId } from '../../../bus/mod.ts'
import type { LogEntry } from '../../../schemas/log-entry.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { FinalEvalResults, Predictions, Report } from '../../../schemas/messages/evaluation.ts'
import type { Batch, Verdict } from '../../../schemas/messages/generation.ts'
import { queuesOf } from '../../../schemas/queue.ts'
import { type MessageName, registry } from '../../../schemas/registry.ts'
import type { AgentRole } from '../../../schemas/role.ts'
import { type Check, messagePlace } from './check.ts'
import type { Ledger } from './ledger.ts'

type Payloads = {
  predictions: PayloadOf<typeof Predictions>
  report: PayloadOf<typeof Report>
  batch: PayloadOf<typeof Batch>
  verdict: PayloadOf<typeof Verdict>
  finalEval: PayloadOf<typeof FinalEvalResults>
}
type Follow = { id: string; cause?: string; echoes?: readonly string[] }

/** The id of each answer, what it follows from, and the fields that it repeats. The planner's messages have a check of their own. */
const follows: { [N in keyof Payloads]: (payload: Payloads[N]) => Follow } = {
  predictions: ({ studentModel: { name } }) => ({
    id: `predictions:${name}`,
    cause: `job:${name}`,
    echoes: ['guidance', 'publicTask', 'sealedTask', 'variants'],
  }),
  report: ({ studentModel: { name } }) => ({
    id: `report:${name}`,
    cause: `predictions:${name}`,
    echoes: ['studentModel', 'training', 'reusedTraining', 'tokenLimit'],
  }),
  batch: ({ round: { attempt, round }, shard }) => ({
    id: `batch:a${attempt}.r${round}.s${shard}`,
    cause: `shard:a${attempt}.r${round}.s${shard}`,
    echoes: ['round', 'checkCalls'],
  }),
  // What caused it is on the sealed account.
  finalEval: () => ({ id: 'final-eval-results' }),
  // Whichever of its batches was the last.
  verdict: ({ attempt, round }) => ({ id: `verdict:a${attempt}.r${round}`, cause: `batch:a${attempt}.r${round}.s` }),
}

/** Every answer against its question: its id and cause name it, it is addressed to whom the run says, and answers what was asked. */
export const answersCheck: Check = {
  name: 'answers',
  what: 'what each message answers, and whom it is for',
  async run({ entries, config }, ledger) {
    const { runId } = config
    const queues = queuesOf(config)
    const recorded = new Map<string, LogEntry>()
    for (const entry of entries) if (!recorded.has(entry.id)) recorded.set(entry.id, entry)
    for (const entry of recorded.values()) {
      const { seq, name, payload, parseError } = entry
      const message = Object.hasOwn(registry, name) ? registry[name as MessageName] : null
      if (!message || parseError !== undefined) continue
      const place = (field: string) => messagePlace(name, entry, field)
      const to = message.kind === 'work' ? { role: message.to, variant: queues[message.to as AgentRole] } : undefined
      ledger.same(place('to'), entry.to, to)
      const cause = entry.cause === null ? undefined : recorded.get(entry.cause)
      if (cause) ledger.same(place(`cause, message ${cause.seq}, before it`), cause.seq < seq, true)
      const first = recorded.get(firstId(entry.id))
      if (first !== entry) compareAgain(entry, first, ledger)
      const parsed = Object.hasOwn(follows, name) ? message.schema.safeParse(payload) : null
      if (!parsed?.success) continue
      const due = follows[name as keyof Payloads](parsed.data as never)
      ledger.same(place('id'), firstId(entry.id), `${runId}.${due.id}`)
      const about = firstId(entry.cause ?? '')
      if (due.cause !== undefined)
        ledger.same(
          place('cause'),
          name === 'verdict' ? about.replace(/(?<!\d)\d+$/, '') : about,
          `${runId}.${due.cause}`,
        )
      const asked = cause?.payload as Record<string, unknown> | undefined
      for (const field of asked ? (due.echoes ?? []) : [])
        ledger.same(
          place(`${field}, as message ${cause!.seq}`),
          (payload as Record<string, unknown>)[field],
          asked![field],
        )
    }
  },
}

/** A dead letter that is sent again says what it said before; only work becomes one. */
function compareAgain(entry: LogEntry, first: LogEntry | undefined, ledger: Ledger): void {
  const place = (field: string) => messagePlace(entry.name, entry, `${field}, sent again`)
  for (const field of ['name', 'from', 'to', 'cause', 'payload'] as const)
    ledger.same(place(field), entry[field], first?.[field])
  ledger.same(place('to'), entry.to !== undefined, true)
}
