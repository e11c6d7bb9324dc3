import { TeacherLimits } from '../../../schemas/teacher.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

/** Says whether the endpoint may be called now. */
export type Breaker = {
  readonly state: BreakerState
  /** When the next call may be made, in the time of `performance.now()`; in the past when it may be made now. */
  readonly notBefore: number
  /** When the breaker opened for the first time since a call last succeeded; null while it is closed. */
  readonly openSince: number | null
  /** Whether a call may be made, and as what: while it is open, once its pause is over, one single probe. */
  admit(now: number): Admission | null
  /** The call that was admitted is not made after all. */
  skipped(as: Admission): void
  succeeded(as: Admission): void
  /** A fault of the endpoint: 429, 5xx, time-out or no connection. `retryAfterMs` is its own wish. */
  failed(as: Admission, now: number, retryAfterMs: number): void
}

export type Admission = 'call' | 'probe'

export type BreakerLimits = Pick<TeacherLimits, 'minPauseMs' | 'maxPauseMs' | 'breakerRequests' | 'breakerShare'>

/**
 * B1  It opens when at least `breakerShare` of the last `breakerRequests` outcomes were faults, so single 429s never stop the others.
 * B2  Open, it admits nothing until the pause, doubled each time, or the endpoint's own wish is over; then one probe.
 * B3  A probe that succeeds closes it and forgets the faults; calls that were under way when it opened do neither.
 */
export function createBreaker(
  onState: (state: BreakerState) => void = () => {},
  { minPauseMs, maxPauseMs, ...limits }: BreakerLimits = TeacherLimits.parse({}),
): Breaker {
  let state: BreakerState = 'closed'
  const outcomes = createOutcomes(limits)
  let pauseMs = minPauseMs
  let notBefore = 0
  let openSince: number | null = null
  const turn = (next: BreakerState) => {
    if (state === next) return
    state = next
    onState(next)
  }
  const note = (good: boolean) => {
    if (state === 'closed') outcomes.note(good)
  }
  return {
    get state() {
      return state
    },
    get notBefore() {
      return notBefore
    },
    get openSince() {
      return openSince
    },
    admit(now) {
      if (state === 'closed') return 'call'
      if (state === 'half-open' || now < notBefore) return null
      turn('half-open')
      return 'probe'
    },
    skipped(as) {
      if (as === 'probe' && state === 'half-open') turn('open')
    },
    succeeded(as) {
      if (as === 'call') return note(true)
      outcomes.forget()
      pauseMs = minPauseMs
      notBefore = 0
      openSince = null
      turn('closed')
    },
    failed(as, now, retryAfterMs) {
      if (as === 'call') {
        note(false)
        if (state !== 'closed' || !outcomes.areMostlyBad) return
      }
      notBefore = now + Math.max(pauseMs, retryAfterMs)
      pauseMs = Math.min(2 * pauseMs, maxPauseMs)
      openSince ??= now
      turn('open')
    },
  }
}

/** How the last requests ended. */
type Outcomes = {
  note(good: boolean): void
  /** At least `breakerShare` of the last `breakerRequests` were bad, and half as many were made. */
  readonly areMostlyBad: boolean
  forget(): void
}

export type OutcomeLimits = Pick<TeacherLimits, 'breakerRequests' | 'breakerShare'>

function createOutcomes({ breakerRequests, breakerShare }: OutcomeLimits): Outcomes {
  let last: boolean[] = []
  return {
    note(good) {
      last = [...last.slice(1 - breakerRequests), good]
    },
    get areMostlyBad() {
      const bad = last.filter((good) => !good).length
      return last.length >= breakerRequests / 2 && bad >= breakerShare * last.length
    },
    forget() {
      last = []
    },
  }
}

/** Says what HTTP 403 of an endpoint stands for: a key that it refuses, or one prompt that its gateway's filter does. */
export type Forbidden = {
  /** A request was answered. */
  answered(): void
  /** A request ended in HTTP 403. Gives whether every other would too. */
  met(): boolean
}

/**
 * F1  An endpoint that has never answered refuses the key, at the first 403.
 * F2  After that a 403 is its own call's, until as many of the last requests end so as open the breaker.
 *
 * `hasAnswered`: it has answered before, whoever asked.
 */
export function createForbidden(hasAnswered: boolean, limits: OutcomeLimits): Forbidden {
  const outcomes = createOutcomes(limits)
  let answers = hasAnswered
  return {
    answered() {
      answers = true
      outcomes.note(true)
    },
    met() {
      outcomes.note(false)
      return !answers || outcomes.areMostlyBad
    },
  }
}
