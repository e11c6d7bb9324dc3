import type { RunConfig } from '../../schemas/run.ts'
import { asksModel, chosenIn } from '../../schemas/variants.ts'
import { budgetLeft, callsLeft } from './budget-left.ts'
import { attemptsUsed } from './generation.ts'
import type { Situation } from './policy.ts'
import type { StepContext } from './step-context.ts'

const prompts = (config: RunConfig) => asksModel(chosenIn(config, 'generator'))

/** What is left of a run's limits; of the teacher's calls, one attempt's share where as many as `parts` are made at the same time. */
export function left({ state, event, deps }: StepContext, parts = 1): Situation['left'] {
  const { attempts, limits, startedAt } = state.config
  const hours = (Date.parse(event.at) - Date.parse(startedAt)) / 3_600_000
  const allowed = Math.min(attempts, deps.policy.maxAttempts ?? attempts)
  const calls = callsLeft(state)
  const teacherCalls = prompts(state.config) && Number.isFinite(calls) ? Math.floor(calls / parts) : null
  return {
    attempts: allowed - attemptsUsed(state),
    hours: limits.maxHours - hours,
    teacherCalls,
    ...budgetLeft(state),
  }
}
