import type { RunConfig } from '../../schemas/run.ts'
import { plainSearch, type SearchSettings } from '../../schemas/search.ts'
import type { Attempt, PlannerState } from './state.ts'

/**
 * Attempts that are planned from the same state and made at the same time.
 * G1  Nothing is planned and no best attempt is chosen while one of them is under way; then all are decided on together. So it does not
 *     matter which of them was ready first.
 * G2  What an attempt may ask for follows from the generations before it and from itself: each has the same share of what was left
 *     (`budget-share.ts`).
 * G3  With one attempt in a generation, all of this is as if there were none.
 */

/** How the run searches. */
export const searchOfRun = ({ search }: Pick<RunConfig, 'search'>): SearchSettings => search ?? plainSearch

/** Its number, from 1; attempts from before there were generations are one each. */
export const generationOf = ({ attempt, generation }: Pick<Attempt, 'attempt' | 'generation'>): number =>
  generation ?? attempt

/** The attempts of the last generation, in order. */
export function lastGeneration({ attempts }: Pick<PlannerState, 'attempts'>): Attempt[] {
  const last = attempts.at(-1)
  return last ? attempts.filter((each) => generationOf(each) === generationOf(last)) : []
}

/** The number of the next attempt. */
export const nextAttempt = ({ attempts }: Pick<PlannerState, 'attempts'>): number => (attempts.at(-1)?.attempt ?? 0) + 1

/** Whether an attempt of the last generation is still made, trained or raced. */
export const isUnderWay = (state: Pick<PlannerState, 'attempts'>): boolean =>
  state.attempts.some(({ again = [] }) => again.includes(null)) ||
  lastGeneration(state).some(({ outcome }) => outcome === 'generating' || outcome === 'training')

/** Of how many attempts of its generation each has its share. */
export const partsOf = (attempt: Pick<Attempt, 'parts'> | undefined): number => attempt?.parts ?? 1

/** Attempts so far, one on a part of the rows as its share. */
export const attemptsUsed = ({ attempts }: Pick<PlannerState, 'attempts'>): number =>
  attempts.reduce((sum, { share = 1 }) => sum + share, 0)

/** Trainings of the search so far, second seeds among them, one on a part of the rows as its share. */
export const trainingsUsed = ({ attempts }: Pick<PlannerState, 'attempts'>): number =>
  attempts.reduce((sum, { share = 1, outcome, again = [] }) => {
    const trained = outcome === 'training' || outcome === 'scored' ? 1 : 0
    return sum + share * (trained + again.length)
  }, 0)

/** Whether nothing of it is left for one more of this share; sums of shares are not exact. */
export const isLess = (left: number, share: number): boolean => left < share - 1e-9
