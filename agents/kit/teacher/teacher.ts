import { type Admission, type BreakerState, createBreaker } from './breaker.ts'
import { type Answer, type Call, newCall, type Purse } from './call.ts'
import { createDialect, type Dialect } from './dialect.ts'
import { createFlights } from './flights.ts'
import { createForbidden } from './forbidden.ts'
import { createLatency } from './latency.ts'
import { type Endpoint, hostOf, type TeacherOptions } from './options.ts'
import { openPost } from './post.ts'
import { createQueue } from './queue.ts'
import { chatPath } from './redirect.ts'
import { type ChatRequest, type Outcome, requestOnce } from './request.ts'
import { createWidth } from './width.ts'

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
  const post = openPost(endpoint, chatPath, options)
  const latency = createLatency(options)
  const wishOf = ({ retryAfterMs }: { retryAfterMs: number }) => Math.min(retryAfterMs, options.maxRetryAfterMs)
  const breaker = createBreaker(onState, options)
  // What an endpoint takes is known from answers, of other processes too.
  const forbidden = createForbidden(dialect.isKnown, options)
  const width = createWidth(options)
  const queue = createQueue()
  const flights = createFlights(latency.timeoutMs)
  let busy = 0
  let aloneSince = 0
  let timer: NodeJS.Timeout | null = null

  function pump(): void {
    const now = Date.now()
    queue.update(now)
    while (busy < placesAt(now) && queue.hasNext) {
      const admission = breaker.admit(now)
      if (!admission) break
      if (busy === 0) aloneSince = now
      busy += 1
      void run(queue.next(), admission)
    }
    if (breaker.openSince !== null && now - breaker.openSince > options.giveUpMs) giveUp()
    flights.giveUpOld(now)
    const idle = busy === 0 && queue.isEmpty
    if (idle && timer) {
      clearInterval(timer)
      timer = null
    } else if (!idle && !timer) timer = setInterval(pump, sweepMs)
  }

  const placesAt = (now: number) =>
    dialect.isKnown || (busy > 0 && now - aloneSince >= options.firstAloneMs) ? width.now : 1

  function giveUp(): void {
    const minutes = (options.giveUpMs / 60_000).toFixed(1)
    for (const { settle } of queue.clear()) {
      settle.resolve({ ok: false, why: 'gone', reason: `the endpoint was away for ${minutes} minutes` })
    }
  }

  /** What waits would be refused the same way as this call: it is not sent. */
  function refuseAll(reason: string): never {
    for (const { settle } of queue.clear()) settle.reject(new TeacherRefused(reason))
    throw new TeacherRefused(reason)
  }

  async function run(call: Call, admission: Admission): Promise<void> {
    try {
      call.signal.throwIfAborted()
      const paid = await call.purse.take()
      call.signal.throwIfAborted()
      if (!paid) breaker.skipped(admission)
      const answer: Answer | null = paid
        ? answerOf(call, await fly(call, admission))
        : { ok: false, why: 'budget', reason: `no call is left${call.fault ? `; the last ended: ${call.fault}` : ''}` }
      if (answer) call.settle.resolve(answer)
    } catch (error) {
      breaker.skipped(admission)
      call.settle.reject(error)
    } finally {
      busy -= 1
      pump()
    }
  }

  async function fly(call: Call, admission: Admission): Promise<Outcome> {
    using flight = flights.begin(2 ** call.timeouts, call.signal)
    usage.requests += 1
    const outcome = await requestOnce(post, { endpoint, model: options.model, dialect }, call.request, flight.signal)
    const now = Date.now()
    if (outcome.kind === 'passing' && outcome.fault) breaker.failed(admission, now, wishOf(outcome))
    else breaker.succeeded(admission)
    if (outcome.kind === 'reply' || outcome.kind === 'refused') {
      dialect.answered()
      forbidden.answered()
    }
    const turnedAway = outcome.kind === 'passing' && outcome.turnedAway
    if (outcome.kind === 'reply' || turnedAway) width.note(flight.startedAt, turnedAway)
    if (outcome.kind === 'reply') latency.add(now - flight.startedAt)
    if (flight.signal.aborted && outcome.kind !== 'reply') call.timeouts += 1
    return outcome
  }

  /** The call's answer, or null when it is to be tried again; then it waits outside. */
  function answerOf(call: Call, outcome: Outcome): Answer | null {
    switch (outcome.kind) {
      case 'reply':
        usage.replies += 1
        usage.inputTokens += outcome.reply.inputTokens
        usage.outputTokens += outcome.reply.outputTokens
        return { ok: true, reply: outcome.reply }
      case 'forbidden':
        if (forbidden.met()) return refuseAll(outcome.reason)
        return { ok: false, why: 'forbidden', reason: outcome.reason }
      case 'fatal':
        return refuseAll(outcome.reason)
      case 'refused':
        return { ok: false, why: outcome.tooLong ? 'context' : 'failed', reason: outcome.reason }
      case 'reworded':
        call.fault = outcome.reason
        queue.addLater(call, 0)
        return null
      case 'passing': {
        call.signal.throwIfAborted()
        call.fault = outcome.reason
        if (outcome.turnedAway) call.turnedAway += 1
        // While the breaker is open, or too many ask, the fault is not the call's: it costs no try of its own.
        const isCrowded = outcome.turnedAway && width.now < options.concurrency
        if (breaker.state === 'closed' && !isCrowded) call.tries += 1
        if (call.tries >= options.maxTries) {
          const why = outcome.unnamed ? 'gone' : 'failed'
          return { ok: false, why, reason: `${call.tries} tries, the last: ${outcome.reason}` }
        }
        const again = isCrowded ? Math.min(call.turnedAway, longestDoubling) : call.tries - 1
        const ownPauseMs = again > 0 ? options.backoffMs * 2 ** (again - 1) : 0
        queue.addLater(call, Date.now() + Math.max(wishOf(outcome), ownPauseMs))
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
      const call = newCall(request, purse, signal)
      queue.add(call)
      pump()
      return call.settle.promise
    },
  }
}
