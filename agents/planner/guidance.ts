import type { Guidance, Guide, Halves } from '../../schemas/guidance.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { Report } from '../../schemas/messages/evaluation.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { analysisCallsLeft } from './budget-left.ts'
import type { PlannerState } from './state.ts'

/** What the evaluator is asked to tell of a student model of the search; an analyst looks at those that were trained. */
export function guidanceOf(state: PlannerState, isTrained: boolean): Guidance | undefined {
  const { ladder, swapValidationAt } = state.config.evidence
  const analysisCalls = isTrained ? analysisCallsLeft(state) : undefined
  if (ladder === 'off' && swapValidationAt === null && analysisCalls === undefined) return undefined
  return { ladder, halves: swapValidationAt !== null, ...(analysisCalls !== undefined && { analysisCalls }) }
}

/** What a report gives an attempt's planner: all of validation, or in a run that swaps, the half that guides then; the base is 0. */
export function guideOf(
  { evidence }: RunConfig,
  attempt: number,
  {
    validation,
    badCases,
    causes,
    halves,
  }: Pick<PayloadOf<typeof Report>, 'validation' | 'badCases' | 'causes' | 'halves'>,
): Guide & { halves?: Halves } {
  const { swapValidationAt } = evidence
  if (swapValidationAt === null || !halves) return { validation, badCases, ...(causes && { causes }) }
  return { ...(attempt < swapValidationAt ? halves.a : halves.b), halves }
}

/**
 * The state as the attempt with this number is decided on. Where it is the one at which validation is swapped, everything so far is
 * scored on the other half, from replies that are there already; nothing is trained again, and the best attempt stays the best.
 */
export function swappedAt(state: PlannerState, attempt: number): PlannerState {
  if (state.config.evidence.swapValidationAt !== attempt || !state.base) return state
  const { halves, ...base } = state.base
  return {
    ...state,
    base: halves ? { ...base, validation: halves.b.validation, halves } : state.base,
    attempts: state.attempts.map((each) => (each.halves ? { ...each, ...each.halves.b } : each)),
  }
}
