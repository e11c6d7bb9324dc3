import { addAbortListener } from 'node:events'
import type { z } from 'zod'
import { type Bus, RetryError, TerminalError } from '../../../bus/mod.ts'
import type { ObjectRef } from '../../../schemas/ids.ts'
import { Progress } from '../../../schemas/messages/run.ts'
import type { PayingRole, Spent } from '../../../schemas/usage.ts'
import type { AgentContext } from '../agent.ts'
import type { BreakerState } from '../teacher/breaker.ts'
import { endpointOf, type TeacherOptions } from '../teacher/options.ts'
import { shown } from '../teacher/quoted.ts'
import { createTeacher, TeacherRefused } from '../teacher/teacher.ts'
import { TeacherUnusable } from '../teacher/unusable.ts'
import type { Call } from './call.ts'
import { openCapabilities } from './capabilities-record.ts'
import { JournalEntry, openJournal } from './journal.ts'
import { awaitClosed, MeteredRecord, NotOwner, takeWork } from './ownership.ts'

/** Who pays, and where it keeps its records and its replies. */
export type MeteredBuckets = {
  role: PayingRole
  records: 'shards' | 'checks'
  journal: 'journal' | 'check-journal'
}

/** One piece of paid work: `make` asks through `call` and puts what it made; `spent` counts all owners' calls. */
export type Piece = {
  /** Names the work on this bus, for ever: a key of the buckets. */
  key: string
  runId: string
  /** HTTP requests that it may make, whatever crashes. */
  maxCalls: number
  signal: AbortSignal
  make(call: Call, spent: () => Spent): Promise<ObjectRef>
}

/** Does a piece of paid work once: one that is closed is not worked on again, what it made is given. */
export type MeteredWork = (piece: Piece) => Promise<ObjectRef>

/** The options of an agent that asks a teacher. Errors: TeacherUnusable. */
export function meteredOptions<T>({ options, identity }: AgentContext, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  const { role, variant } = identity
  const { path, message } = parsed.error.issues[0]!
  throw new TeacherUnusable(
    `The ${role} "${variant}" has no usable options: ${path.join('.')}: ${message}.`,
    `Name the model in the topology: agents.${role}.options.model.`,
  )
}

/**
 * The teacher of a process with its breaker, and the ownership and journal of everything that is asked of it. Once the process stops no call is
 * begun; those under way get their entries, and a piece that wants more is given back, for whoever goes on.
 */
export async function openMeteredWork(
  context: AgentContext,
  buckets: MeteredBuckets,
  options: TeacherOptions,
): Promise<MeteredWork> {
  const { bus, identity, log, setWaiting, signal: stopping } = context
  const active = new Map<string, number>()
  const asked = buckets.role === 'critic' ? `the critic's model ${options.model}` : 'the teacher'
  const endpoint = endpointOf(options, process.env, `agents.${buckets.role}.options`)
  const onState = (state: BreakerState, lastFault: string) => {
    log.warn({ state, lastFault }, 'circuit breaker of the teacher')
    const why = `${words.open}: ${shown(lastFault, mostFaultChars)}`
    setWaiting(state === 'closed' ? null : why, () => teacher.underWay > 0)
    const detail = state === 'open' ? why : words[state]
    for (const runId of active.keys()) void reportBreaker(bus, identity, runId, detail).catch(() => {})
  }
  const teacher = createTeacher(endpoint, options, onState, await openCapabilities(bus, endpoint, options))
  addAbortListener(stopping, teacher.close)
  const records = bus.kv(buckets.records, MeteredRecord)
  const entries = bus.kv(buckets.journal, JournalEntry)

  const work = async ({ key, maxCalls, signal, make }: Piece): Promise<ObjectRef> => {
    const ownership = await takeWork(records, key, {
      owner: identity.instance,
      maxCalls,
      chunk: options.reserveCalls,
    })
    if ('result' in ownership) return ownership.result
    const journal = await openJournal(entries, { key, ownership, teacher, role: buckets.role, signal })
    try {
      const made = await make(journal.call, journal.spent)
      await ownership.close(made)
      return made
    } catch (error) {
      await journal.settled()
      // Where it cannot be given back, another owns the work or the server is away: it then counts as spent.
      await ownership.giveBack().catch(() => {})
      throw error
    }
  }

  /** Work in hand. A message that comes again while its first delivery is worked on waits for that one, and pays nothing. */
  const inHand = new Map<string, Promise<ObjectRef>>()
  const once = (piece: Piece): Promise<ObjectRef> => {
    const known = inHand.get(piece.key)
    if (known) return known
    const doing = work(piece).finally(() => inHand.delete(piece.key))
    inHand.set(piece.key, doing)
    return doing
  }

  return async (piece) => {
    const { runId, key, signal } = piece
    active.set(runId, (active.get(runId) ?? 0) + 1)
    try {
      const made = await once(piece).catch((error: unknown) => {
        if (error instanceof NotOwner) return awaitClosed(records, key, { everyMs: options.closedEveryMs, signal })
        if (error instanceof TeacherRefused) throw new TerminalError(`${asked} refuses: ${error.message}`)
        throw error
      })
      if (!made) throw new RetryError(`${key} is not closed yet`)
      return made
    } finally {
      const left = (active.get(runId) ?? 1) - 1
      if (left === 0) active.delete(runId)
      else active.set(runId, left)
    }
  }
}

/** Of what the endpoint said, in a line of progress. */
const mostFaultChars = 240

const words: Readonly<Record<BreakerState, string>> = {
  open: 'the teacher fails; calls wait',
  'half-open': 'one call tries whether the teacher is back',
  closed: 'the teacher answers again',
}

async function reportBreaker(
  bus: Bus,
  { role, instance }: AgentContext['identity'],
  runId: string,
  detail: string,
): Promise<void> {
  const id = `progress:${instance}:breaker:${process.pid}:${performance.now()}`
  await bus.publish(Progress, { runId, id }, { role, instance, phase: 'generate', done: 0, total: 0, detail })
}
