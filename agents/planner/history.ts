import { generationOf } from './generation.ts'
import type { Attempt, PlannerState } from './state.ts'
import type { TriedAttempt } from './strategies/strategy.ts'

/** Right answers on validation by training seed, the search's first; none without a score. */
export function countsOf({ validation, again = [] }: Attempt, mode: PlannerState['config']['primary']): number[] {
  if (!validation) return []
  return [validation.overall[mode].correct, ...again.filter((correct) => correct !== null)]
}

/** The attempts as a strategy knows them. */
export function historyOf({ attempts, config }: Pick<PlannerState, 'attempts' | 'config'>): TriedAttempt[] {
  return attempts.map((each) => ({
    attempt: each.attempt,
    generation: generationOf(each),
    from: each.from ?? null,
    share: each.share ?? 1,
    promotes: each.promotes ?? null,
    scores:
      each.outcome === 'scored'
        ? countsOf(each, config.primary).map((correct) => correct / each.validation!.overall[config.primary].total)
        : [],
  }))
}
