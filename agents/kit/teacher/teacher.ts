import { type Admission, type BreakerState, createBreaker } from './breaker.ts'
import type { Reply } from './completion.ts'
import { createDialect, type Dialect } from './dialect.ts'
import { createLatency } from './latency.ts'
import { type Endpoint, hostOf, type TeacherOptions } from './options.ts'
import { openPost } from './post.ts'
import { type ChatRequest, type Outcome, requestOnce } from './request.ts'
import { createWidth } from './width.ts'

/** Asked before each HTTP request; resolves to false when nothing more may be spent. */
export type Purse = { take(): Promise<boolean> }

/**
 * No reply: `budget` when the purse was empty, `gone` when the endpoint stayed away or answers with errors without a name, `context` when the prompt is too long for the
 * model, `failed` for anything else that is this call's alone.
 */
export type Answer =
  | { ok: true; reply: Reply }
  | { ok: false; why: 'budget' | 'gone' | 'context' | 'failed'; reason: string }

export type Teacher = {
  readonly model: string
  /** Of its endpoint. */
  readonly host: string
  readonly usage: Readonly<TeacherUsage>
  /** Requests that are paid for or about to be, and not answered yet. */
  readonly underWay: number
  /** One reply; waits for its turn. Rejects with TeacherRefused when every call would be refused, or when aborted. */
  ask(request: ChatRequest, purse: Purse, signal: AbortSignal): Promise<Answer>
}

/** Counts since the start of the process; `requests` holds every HTTP request, failed ones too. */
export type TeacherUsage = { requests: number; replies: number; inputTokens: number; outputTokens: number }

/** The key is refused, or there is no such model or API: no call can succeed until a person mends it. */
export class TeacherRefused extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'TeacherRefused'
  }
}

type Task = {
  request: ChatRequest
  purse: Purse
  signal: AbortSignal
  tries: number
  timeouts: number
  turnedAway: number
  /** How its last request ended, when it is to be tried again. */
  fault: string | null
  notBefore: number
  settle: PromiseWithResolvers<Answer>
}
type Flight = { startedAt: number; patience: number; abort: AbortController }

const sweepMs = 50
/** A call that is turned away pauses for once, then twice the usual. */
const longestDoubling = 2

/**
 * T1  At most `concurrency` requests are under way, fewer while the endpoint turns many away; a call that waits for its next try holds no place, others go first.
 * T2  A request is given up when it is older than the time-out of this moment, which follows the latency observed.
 * T3  Every HTTP request is paid from the purse of its call before it is sent.
 * T4  One call's failure never settles another call.
 * T5  While the endpoint's words are not known a request goes alone, at most `firstAloneMs`: a field that is refused costs one call.
 */
export function createTeacher(
  endpoint: Endpoint,
  options: TeacherOptions,
  onState: (state: BreakerState) => void = () => {},
  dialect: Dialect = createDialect(),
): Teacher {
  const usage: TeacherUsage = { requests: 0, replies: 0, inputTokens: 0, outputTokens: 0 }
  const post = openPost(endpoint, '/chat/completions', options)
  const latency = createLatency(options)
  const wishOf = ({ retryAfterMs }: { retryAfterMs: number }) => Math.min(retryAfterMs, options.maxRetryAfterMs)
  const breaker = createBreaker(onState, options)
  const width = createWidth(options)
  const ready: Task[] = []
  let waiting: Task[] = []
  const flights = new Set<Flight>()
  let busy = 0
  let aloneSince = 0
  let timer: NodeJS.Timeout | null = null

  function pump(): void {
    const now = Date.now()
    dropAborted()
    const due = waiting.filter((task) => task.notBefore <= now)
    if (due.length > 0) {
      waiting = waiting.filter((task) => task.notBefore > now)
      ready.unshift(...due)
    }
    while (busy < placesAt(now) && ready.length > 0) {
      const admission = breaker.admit(now)
      if (!admission) break
      if (busy === 0) aloneSince = now
      busy += 1
      void run(ready.shift()!, admission)
    }
    if (breaker.openSince !== null && now - breaker.openSince > options.giveUpMs) giveUp()
    for (const flight of flights) {
      if (now - flight.startedAt > latency.timeoutMs() * flight.patience) flight.abort.abort()
    }
    const idle = busy === 0 && ready.length === 0 && waiting.length === 0
    if (idle && timer) {
      clearInterval(timer)
      timer = null
    } else if (!idle && !timer) timer = setInterval(pump, sweepMs)
  }

  const placesAt = (now: number) =>
    dialect.isKnown || (busy > 0 && now - aloneSince >= options.firstAloneMs) ? width.now : 1

  function dropAborted(): void {
    const aborted = [...ready, ...waiting].filter((task) => task.signal.aborted)
    if (aborted.length === 0) return
    ready.splice(0, ready.length, ...ready.filter((task) => !task.signal.aborted))
    waiting = waiting.filter((task) => !task.signal.aborted)
    for (const task of aborted) task.settle.reject(task.signal.reason)
  }

  function giveUp(): void {
    const lost = [...ready.splice(0), ...waiting]
    waiting = []
    const minutes = (options.giveUpMs / 60_000).toFixed(1)
    for (const task of lost) {
      task.settle.resolve({ ok: false, why: 'gone', reason: `the endpoint was away for ${minutes} minutes` })
    }
  }

  /** What waits would be refused the same way: it is not sent. */
  function refuseAll(reason: string): void {
    for (const task of [...ready.splice(0), ...waiting.splice(0)]) task.settle.reject(new TeacherRefused(reason))
  }

  async function run(task: Task, admission: Admission): Promise<void> {
    try {
      task.signal.throwIfAborted()
      const paid = await task.purse.take()
      task.signal.throwIfAborted()
      if (!paid) breaker.skipped(admission)
      const answer: Answer | null = paid
        ? answerOf(task, await fly(task, admission))
        : { ok: false, why: 'budget', reason: `no call is left${task.fault ? `; the last ended: ${task.fault}` : ''}` }
      if (answer) task.settle.resolve(answer)
    } catch (error) {
      breaker.skipped(admission)
      task.settle.reject(error)
    } finally {
      busy -= 1
      pump()
    }
  }

  async function fly(task: Task, admission: Admission): Promise<Outcome> {
    const flight = { startedAt: Date.now(), patience: 2 ** task.timeouts, abort: new AbortController() }
    const stop = () => flight.abort.abort()
    task.signal.addEventListener('abort', stop)
    flights.add(flight)
    usage.requests += 1
    try {
      const outcome = await requestOnce(post, { model: options.model, dialect }, task.request, flight.abort.signal)
      const now = Date.now()
      if (outcome.kind === 'passing' && outcome.fault) breaker.failed(admission, now, wishOf(outcome))
      else breaker.succeeded(admission)
      if (outcome.kind === 'reply' || outcome.kind === 'refused') dialect.answered()
      const turnedAway = outcome.kind === 'passing' && outcome.turnedAway
      if (outcome.kind === 'reply' || turnedAway) width.note(flight.startedAt, turnedAway)
      if (outcome.kind === 'reply') latency.add(now - flight.startedAt)
      if (flight.abort.signal.aborted && outcome.kind !== 'reply') task.timeouts += 1
      return outcome
    } finally {
      task.signal.removeEventListener('abort', stop)
      flights.delete(flight)
    }
  }

  /** The call's answer, or null when it is to be tried again; then it waits outside. */
  function answerOf(task: Task, outcome: Outcome): Answer | null {
    switch (outcome.kind) {
      case 'reply':
        usage.replies += 1
        usage.inputTokens += outcome.reply.inputTokens
        usage.outputTokens += outcome.reply.outputTokens
        return { ok: true, reply: outcome.reply }
      case 'fatal':
        refuseAll(outcome.reason)
        throw new TeacherRefused(outcome.reason)
      case 'refused':
        return { ok: false, why: outcome.tooLong ? 'context' : 'failed', reason: outcome.reason }
      case 'reworded':
        task.fault = outcome.reason
        task.notBefore = 0
        waiting.push(task)
        return null
      case 'passing': {
        task.signal.throwIfAborted()
        task.fault = outcome.reason
        if (outcome.turnedAway) task.turnedAway += 1
        // While the breaker is open, or too many ask, the fault is not the call's: it costs no try of its own.
        const isCrowded = outcome.turnedAway && width.now < options.concurrency
        if (breaker.state === 'closed' && !isCrowded) task.tries += 1
        if (task.tries >= options.maxTries) {
          const why = outcome.unnamed ? 'gone' : 'failed'
          return { ok: false, why, reason: `${task.tries} tries, the last: ${outcome.reason}` }
        }
        const again = isCrowded ? Math.min(task.turnedAway, longestDoubling) : task.tries - 1
        const ownPauseMs = again > 0 ? options.backoffMs * 2 ** (again - 1) : 0
        task.notBefore = Date.now() + Math.max(wishOf(outcome), ownPauseMs)
        waiting.push(task)
        return null
      }
      default:
        return outcome satisfies never
    }
  }

  return {
    model: options.model,
    host: hostOf(endpoint),
    usage,
    get underWay() {
      return busy
    },
    ask(request, purse, signal) {
      const settle = Promise.withResolvers<Answer>()
      ready.push({ request, purse, signal, tries: 0, timeouts: 0, turnedAway: 0, fault: null, notBefore: 0, settle })
      pump()
      return settle.promise
    },
  }
}
