import { addAbortListener } from 'node:events'
import { hostname } from 'node:os'
import { z } from 'zod'
import { type Bus, RetryError, TerminalError } from '../../../bus/mod.ts'
import { sha256 } from '../../../schemas/hash.ts'
import type { ObjectRef } from '../../../schemas/ids.ts'
import { Progress } from '../../../schemas/messages/run.ts'
import type { PayingRole, Spent } from '../../../schemas/usage.ts'
import type { AgentContext } from '../agent.ts'
import type { BreakerState } from '../teacher/breaker.ts'
import { createCapabilities, type EndpointCapabilities, type Words } from '../teacher/capabilities.ts'
import { type Endpoint, endpointOf, type TeacherOptions, TeacherUnusable } from '../teacher/options.ts'
import { shown } from '../teacher/quoted.ts'
import { createTeacher, TeacherRefused } from '../teacher/teacher.ts'
import { type EndpointTrial, nothingKnown } from '../teacher/usefulness.ts'
import type { MeteredCall } from './call.ts'
import { JournalEntry, openJournal } from './journal.ts'
import { awaitClosed, MeteredRecord, NotOwner, takeWork } from './ownership.ts'
import { endpointKey } from './usable-sources.ts'

/** Who pays, and where it keeps its records and its replies. */
export type MeteredBuckets = {
  role: PayingRole
  records: 'shards' | 'checks' | 'analyses'
  journal: 'journal' | 'check-journal' | 'analysis-journal'
}

/** What a piece of metered work made: as it is stored, and what its maker wants of it. */
export type MeteredResult<T> = { stored: ObjectRef; value: T }

/** One piece of metered work: `make` asks through `call` and puts what it made; `spent` counts all owners' calls. */
export type Piece<T> = {
  /** Names the work on this bus, for ever: a key of the buckets. */
  key: string
  runId: string
  /** HTTP requests that it may make, whatever crashes. */
  maxCalls: number
  signal: AbortSignal
  make(call: MeteredCall, spent: () => Spent): Promise<MeteredResult<T>>
}

/** Does a piece of metered work once: one that is closed is not worked on again, what it made is given. */
export type MeteredWork<T> = (piece: Piece<T>) => Promise<MeteredResult<T>>

/**
 * The options of an agent that asks a teacher.
 * @throws TeacherUnusable
 */
export function meteredOptions<T>(
  { options, identity }: Pick<AgentContext, 'options' | 'identity'>,
  schema: z.ZodType<T>,
): T {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  const { role, variant } = identity
  const { path, message } = parsed.error.issues[0]!
  throw new TeacherUnusable(
    `The ${role} "${variant}" has no usable options: ${path.join('.')}: ${message}.`,
    `Correct agents.${role}.options; its model can be named with --model or SYLLABUS_MODEL too.`,
  )
}

/**
 * The teacher of a process with its breaker, and the ownership and journal of everything that is asked of it. Once the process stops no
 * call is begun; those under way get their entries, and a piece that wants more is given back, for whoever goes on. `read`: the value of a
 * piece that is closed already, from what was stored.
 */
export async function openMeteredWork<T>(
  context: AgentContext,
  buckets: MeteredBuckets,
  options: TeacherOptions,
  read: (stored: ObjectRef) => Promise<T>,
): Promise<MeteredWork<T>> {
  const { bus, identity, log, setWaiting, signal: stopping } = context
  const active = new Map<string, number>()
  const asked = buckets.role === 'generator' ? 'the teacher' : `the ${buckets.role}'s model ${options.model}`
  const endpoint = endpointOf(options, process.env, `agents.${buckets.role}.options`)
  const onState = (state: BreakerState, lastFault: string) => {
    log.warn({ state, lastFault }, 'circuit breaker of the teacher')
    const why = `${words.open}: ${shown(lastFault, mostFaultChars)}`
    setWaiting(state === 'closed' ? null : why, () => teacher.underWay > 0)
    const detail = state === 'open' ? why : words[state]
    for (const runId of active.keys()) void reportBreaker(bus, identity, runId, detail).catch(() => {})
  }
  const capabilities = await openCapabilities(bus, endpoint, options)
  const trial = await openTrial(bus, endpoint, options)
  const teacher = createTeacher(endpoint, options, onState, capabilities, undefined, trial)
  addAbortListener(stopping, teacher.close)
  const records = bus.kv(buckets.records, MeteredRecord)
  const entries = bus.kv(buckets.journal, JournalEntry)

  const closed = async (stored: ObjectRef): Promise<MeteredResult<T>> => ({ stored, value: await read(stored) })

  const work = async ({ key, maxCalls, signal, make }: Piece<T>): Promise<MeteredResult<T>> => {
    const ownership = await takeWork(records, key, {
      owner: identity.instance,
      maxCalls,
      chunk: options.reserveCalls,
    })
    if ('result' in ownership) return closed(ownership.result)
    const journal = await openJournal(entries, { key, ownership, teacher, role: buckets.role, signal })
    try {
      const made = await make(journal.call, journal.spent)
      await ownership.close(made.stored)
      return made
    } catch (error) {
      await journal.settled()
      // Where it cannot be given back, another owns the work or the server is away: it then counts as spent.
      await ownership.giveBack().catch(() => {})
      throw error
    }
  }

  /** Work in hand. A message that comes again while its first delivery is worked on waits for that one, and pays nothing. */
  const inHand = new Map<string, Promise<MeteredResult<T>>>()
  const once = (piece: Piece<T>): Promise<MeteredResult<T>> => {
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
      return await once(piece).catch(async (error: unknown) => {
        if (error instanceof NotOwner) {
          const stored = await awaitClosed(records, key, { everyMs: options.closedEveryMs, signal })
          if (!stored) throw new RetryError(`${key} is not closed yet`)
          return closed(stored)
        }
        if (error instanceof TeacherRefused) throw new TerminalError(`${asked} refuses: ${error.message}`)
        throw error
      })
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

/** What an endpoint takes for a model, learned by one process and known to all; kept in KV. */
const CapabilitiesRecord = z.object({
  refused: z.array(z.string()),
  maxTokens: z.number().int().positive().optional(),
  context: z.object({ tokens: z.number().int(), more: z.number().int() }).optional(),
  at: z.iso.datetime(),
})

/** The words of an endpoint for a model, with what was learned of them in the last `capabilitiesMs`. What is learned here is kept. */
export async function openCapabilities(
  bus: Pick<Bus, 'kv'>,
  endpoint: Endpoint,
  { model, capabilitiesMs, minReplyTokens }: { model: string; capabilitiesMs: number; minReplyTokens: number },
): Promise<EndpointCapabilities> {
  const records = bus.kv('capabilities', CapabilitiesRecord)
  const key = endpointKey(endpoint, model)
  const held = (await records.get(key))?.value
  const isFresh = held !== undefined && Date.now() - Date.parse(held.at) < capabilitiesMs
  const keep = (words: Words) => {
    // Whoever does not hear of it learns it again, for one call.
    void records.put(key, { ...words, refused: [...words.refused], at: new Date().toISOString() }).catch(() => {})
  }
  return createCapabilities(isFresh ? held : null, keep, minReplyTokens)
}

/** `refused`: why it refuses everything. */
const TrialRecord = z.object({ useless: z.number().int(), refused: z.string().nullable(), at: z.iso.datetime() })
/** That an endpoint has given a text, and nothing has spoken against it since. */
const TextsRecord = z.object({ textMs: z.number(), at: z.iso.datetime() })

/** The trial of an endpoint for a model by the agents of one session, which one process has started. */
export async function openTrial(
  bus: Pick<Bus, 'kv'>,
  endpoint: Endpoint,
  options: Pick<TeacherOptions, 'model' | 'refusedPauseMs' | 'unreadAnswers' | 'capabilitiesMs'>,
): Promise<EndpointTrial> {
  const records = bus.kv('capabilities', TrialRecord)
  const texts = bus.kv('capabilities', TextsRecord)
  const whose = endpointKey(endpoint, options.model)
  const key = `${whose}.trial.${sha256(`${hostname()} ${process.ppid}`).slice(0, 16)}`
  const textsKey = `${whose}.texts`
  const ageOf = ({ at }: { at: string }) => Date.now() - Date.parse(at)
  const isOver = (record: z.infer<typeof TrialRecord>) =>
    record.refused !== null && ageOf(record) >= options.refusedPauseMs
  const fresh = { useless: 0, refused: null }
  let known = nothingKnown
  const doubt = () => {
    known = nothingKnown
    void texts.delete(textsKey).catch(() => {})
  }
  const look = async () => {
    const [held, given] = await Promise.all([records.get(key), texts.get(textsKey)])
    const refused = held && !isOver(held.value) ? held.value.refused : null
    const isRecent = given !== null && ageOf(given.value) < options.capabilitiesMs
    known = { refused, textMs: isRecent ? given.value.textMs : null }
    return known
  }
  await look()
  return {
    get known() {
      return known
    },
    look,
    async fail(reason, more) {
      doubt()
      const { value } = await records.modify(key, (before) => {
        const useless = (before && !isOver(before) ? before : fresh).useless + (more ?? 0)
        const refused = more === null || useless >= options.unreadAnswers ? reason : null
        return { useless, refused, at: new Date().toISOString() }
      })
      return value.useless
    },
    doubt,
    pass(textMs) {
      // Whoever does not hear of it asks once more than it must.
      void records.delete(key).catch(() => {})
      void texts.put(textsKey, { textMs, at: new Date().toISOString() }).catch(() => {})
    },
  }
}
