import { createOutcomes, type OutcomeLimits } from './outcomes.ts'

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
