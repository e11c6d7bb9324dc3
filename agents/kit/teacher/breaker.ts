import { TeacherLimits } from '../../../schemas/teacher.ts'
import { createOutcomes } from './outcomes.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

/** Says whether the endpoint may be called now. */
export type Breaker = {
  readonly state: BreakerState
  /** When the next call may be made, as `performance.now()` tells time; in the past when it may be made now. */
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
