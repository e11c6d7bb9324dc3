import { StoppingError } from '../../../bus/mod.ts'
import { isOuterGone } from '../../../machine/outer-process.mjs'
import { plural } from '../../../schemas/number-text.ts'
import { createAdaptiveConcurrency, createLatency } from './adaptive-concurrency.ts'
import { type Admission, type BreakerState, createBreaker, createForbidden, type Forbidden } from './breaker.ts'
import { type Call, type CallBudget, type CallResult, newCall } from './call.ts'
import { createCapabilities, type EndpointCapabilities } from './capabilities.ts'
import type { TokenUsage } from './chat-answer.ts'
import { openHttpClient } from './http-client.ts'
import { type Endpoint, hostOf, type TeacherOptions } from './options.ts'
import { createInFlightRequests, createQueue } from './queue.ts'
import { type ChatRequest, requestOnce, type TeacherOutcome } from './request.ts'
import { createTrial, createUsefulness, type EndpointTrial, nothingKnown } from './usefulness.ts'

export type Teacher = {
  readonly model: string
  /** Of its endpoint. */
  readonly host: string
  readonly usage: Readonly<TeacherUsage>
  /** Requests that are paid for or about to be, and not answered yet. */
  readonly underWay: number
  /**
   * One reply; waits for its turn. Rejects with TeacherRefused when every call would be refused, with StoppingError once closed, or when
   * aborted.
   */
  ask(request: ChatRequest, callBudget: CallBudget, signal: AbortSignal): Promise<CallResult>
  /** No request is sent any more, and what waits for its turn or for another try is rejected; requests under way are answered. */
  close(): void
}

/** Counts since the start of the process; `requests` holds every HTTP request, failed ones too. */
export type TeacherUsage = { requests: number; replies: number; inputTokens: number; outputTokens: number }

/** The key is refused, or there is no such model or API: no call can succeed until a person fixes it. */
export class TeacherRefused extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'TeacherRefused'
  }
}

const together = (one: TokenUsage, more: TokenUsage | null | undefined): TokenUsage =>
  more ? { input: one.input + more.input, output: one.output + more.output } : one

const closed = () => new StoppingError('no call is begun any more, since this process stops')

const sweepMs = 50
/** An endpoint refuses sooner than it makes a text: in so much of that time. */
const shareToRefuse = 1 / 4
/** A call that is turned away pauses for once, then twice the usual. */
const longestDoubling = 2

/**
 * T1  At most `concurrency` requests are under way, fewer while the endpoint turns many away; a call that waits for its next try holds no
 *     place, others go first.
 * T2  A request is given up when it is older than the time-out of this moment, which follows the latency observed.
 * T3  Every HTTP request is taken from the budget of its call before it is sent.
 * T4  One call's failure never settles another call.
 * T5  While an endpoint has given this process no text, or its words are not known, a request goes alone, and twice as many after each
 *     `firstAloneMs`, but no more than `unreadAnswers`: a field or a key that is refused costs one call, whatever the concurrency.
 *     Where another process had texts of it, before or by now, `unreadAnswers` go at once, and all where none is refused soon.
 * T6  Once it is closed, or whoever started the session is gone, no request is sent, and those under way end as they would have: what is
 *     paid for is had.
 */
export function createTeacher(
  endpoint: Endpoint,
  options: TeacherOptions,
  onState: (state: BreakerState, lastFault: string) => void = () => {},
  capabilities: EndpointCapabilities = createCapabilities(null, () => {}, options.minReplyTokens),
  // What an endpoint takes is known from answers, of other processes too.
  forbidden: Forbidden = createForbidden(capabilities.isKnown, options),
  trial: EndpointTrial = createTrial(),
): Teacher {
  const usage: TeacherUsage = { requests: 0, replies: 0, inputTokens: 0, outputTokens: 0 }
  const client = openHttpClient(endpoint, options)
  const asked = { endpoint, model: options.model, capabilities, quotaPauseMs: options.quotaPauseMs }
  const latency = createLatency(options)
  const wishOf = (outcome: TeacherOutcome) =>
    outcome.kind === 'passing' ? Math.min(outcome.retryAfterMs, options.maxRetryAfterMs) : 0
  const breaker = createBreaker((state) => onState(state, lastFault), options)
  const usefulness = createUsefulness(options, trial)
  const width = createAdaptiveConcurrency(options)
  const queue = createQueue()
  const inFlightRequests = createInFlightRequests(latency.timeoutMs)
  let isClosed = false
  let busy = 0
  let aloneSince = 0
  let timer: NodeJS.Timeout | null = null
  let lastFault = ''
  /** Why every call would be in vain, and until when that is not tried again. */
  let refusal = { reason: '', until: 0 }

  function pump(): void {
    const now = performance.now()
    queue.update(now)
    while (busy < placesAt(now) && queue.hasNext) {
      const admission = breaker.admit(now)
      if (!admission) break
      if (busy === 0) aloneSince = now
      busy += 1
      void run(queue.next(), admission)
    }
    if (breaker.openSince !== null && now - breaker.openSince > options.giveUpMs) giveUp()
    inFlightRequests.giveUpOld(now)
    const idle = busy === 0 && queue.isEmpty
    if (idle && timer) {
      clearInterval(timer)
      timer = null
    } else if (!idle && !timer) timer = setInterval(pump, sweepMs)
  }

  const isOver = () => (isClosed ||= isOuterGone())

  function throwIfOver({ signal }: Call): void {
    signal.throwIfAborted()
    if (isOver()) throw closed()
  }

  /** Of an endpoint that does not answer its first request for long, a few more find out what it is. */
  const placesAt = (now: number) => {
    if ((capabilities.isKnown && usefulness.isProven) || options.firstAloneMs === 0) return width.now
    const few = Math.min(width.now, options.unreadAnswers)
    const { textMs } = trial.known
    if (capabilities.isKnown && textMs !== null) {
      const soon = Math.min(shareToRefuse * textMs, options.firstAloneMs)
      return busy === 0 || now - aloneSince < soon ? few : width.now
    }
    return busy === 0 ? 1 : Math.min(few, 2 ** Math.floor((now - aloneSince) / options.firstAloneMs))
  }

  function giveUp(): void {
    const minutes = (options.giveUpMs / 60_000).toFixed(1)
    const reason = `the endpoint gave no reply for ${minutes} minutes, the last: ${lastFault}`
    for (const { settle } of queue.clear()) settle.resolve({ ok: false, why: 'gone', reason })
  }

  /** What waits would be refused the same way as this call: it is not sent, and neither is what comes within a while. */
  function refuseAll(reason: string, whileMs = options.refusedPauseMs): never {
    refusal = { reason, until: performance.now() + whileMs }
    usefulness.refusedAll(whileMs > 0 ? reason : null)
    for (const { settle } of queue.clear()) settle.reject(new TeacherRefused(reason))
    throw new TeacherRefused(reason)
  }

  async function run(call: Call, admission: Admission): Promise<void> {
    try {
      throwIfOver(call)
      const { refused } = usefulness.isProven ? nothingKnown : await trial.look()
      if (refused !== null) refuseAll(refused)
      const isTaken = await call.callBudget.take()
      if (isTaken && (call.signal.aborted || isOver())) call.callBudget.putBack?.()
      throwIfOver(call)
      if (!isTaken) breaker.skipped(admission)
      const sentAt = performance.now()
      const answer: CallResult | null = isTaken
        ? await answerOf(call, sentAt, await fly(call, admission))
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

  async function fly(call: Call, admission: Admission): Promise<TeacherOutcome> {
    using inFlight = inFlightRequests.begin(2 ** call.timeouts, call.signal)
    const outcome = await requestOnce(client, asked, call.request, inFlight.signal)
    if (outcome.kind === 'refused' && outcome.unsent) call.callBudget.putBack?.()
    else usage.requests += 1
    const now = performance.now()
    call.billed = together(call.billed, outcome.usage)
    if (outcome.kind === 'passing' && outcome.fault) {
      lastFault = outcome.reason
      breaker.failed(admission, now, wishOf(outcome))
    } else breaker.succeeded(admission)
    if (outcome.kind === 'reply') capabilities.answered()
    if (outcome.kind === 'refused') capabilities.refusedForGood()
    if (outcome.kind === 'reply' || outcome.kind === 'refused') forbidden.answered()
    const turnedAway = outcome.kind === 'passing' && outcome.turnedAway
    if (outcome.kind === 'reply' || turnedAway) width.note(inFlight.startedAt, turnedAway)
    if (outcome.kind === 'reply') latency.add(now - inFlight.startedAt)
    if (inFlight.signal.aborted && outcome.kind !== 'reply') call.timeouts += 1
    return outcome
  }

  /** The call's answer, or null when it is to be tried again; then it waits outside. */
  async function answerOf(call: Call, sentAt: number, outcome: TeacherOutcome): Promise<CallResult | null> {
    const billed = call.billed.input + call.billed.output > 0 && { billed: call.billed }
    const inVain = await usefulness.note(outcome, sentAt, call.fault !== null)
    if (inVain !== null) return refuseAll(inVain, outcome.kind === 'forbidden' ? 0 : options.refusedPauseMs)
    switch (outcome.kind) {
      case 'reply':
        usage.replies += 1
        usage.inputTokens += outcome.reply.inputTokens
        usage.outputTokens += outcome.reply.outputTokens
        return { ok: true, reply: outcome.reply, ...billed }
      case 'forbidden':
        if (forbidden.met()) return refuseAll(outcome.reason, 0)
        return { ok: false, why: 'forbidden', reason: outcome.reason, ...billed }
      case 'fatal':
        return refuseAll(outcome.reason)
      case 'refused': {
        const why = outcome.about === 'context' ? 'context' : 'failed'
        return { ok: false, why, reason: outcome.reason, lasting: true, ...billed }
      }
      case 'reworded':
        throwIfOver(call)
        call.fault = outcome.reason
        queue.addLater(call, 0)
        return null
      case 'unread':
      case 'passing': {
        const given = tryAgain(call, outcome)
        return given && { ...given, ...billed }
      }
      default:
        return outcome satisfies never
    }
  }

  /** Has a call tried once more after a pause, then null; why there is no reply once it had its tries. */
  function tryAgain(call: Call, outcome: Extract<TeacherOutcome, { kind: 'unread' | 'passing' }>): CallResult | null {
    throwIfOver(call)
    call.fault = outcome.reason
    const { turnedAway, unnamed } = outcome.kind === 'passing' ? outcome : { turnedAway: false, unnamed: false }
    if (turnedAway) call.turnedAway += 1
    // While the breaker is open, or too many ask, the fault is not the call's: it costs no try of its own.
    const isCrowded = turnedAway && width.now < options.concurrency
    if (breaker.state === 'closed' && !isCrowded) call.tries += 1
    if (call.tries >= options.maxTries) {
      const tries = `${call.tries} ${plural(call.tries, 'try', 'tries')}, the last: `
      return { ok: false, why: unnamed ? 'gone' : 'failed', reason: (call.tries === 1 ? '' : tries) + outcome.reason }
    }
    const again = isCrowded ? Math.min(call.turnedAway, longestDoubling) : call.tries - 1
    const ownPauseMs = again > 0 ? options.backoffMs * 2 ** (again - 1) : 0
    queue.addLater(call, performance.now() + Math.max(wishOf(outcome), ownPauseMs))
    return null
  }

  return {
    model: options.model,
    host: hostOf(endpoint),
    usage,
    get underWay() {
      return busy
    },
    ask(request, callBudget, signal) {
      if (performance.now() < refusal.until) return Promise.reject(new TeacherRefused(refusal.reason))
      if (isClosed) return Promise.reject(closed())
      const call = newCall(request, callBudget, signal)
      queue.add(call)
      pump()
      return call.settle.promise
    },
    close() {
      isClosed = true
      for (const { settle } of queue.clear()) settle.reject(closed())
    },
  }
}
