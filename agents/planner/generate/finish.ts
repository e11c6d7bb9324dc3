import type { StopReason } from '../../../schemas/run.ts'
import { isOverdue } from '../attempt.ts'
import { isBudgetExhausted } from '../budget-left.ts'
import { outgoing } from '../outgoing.ts'
import { roundsOf } from '../rounds.ts'
import type { Attempt, Outgoing, PlannerState } from '../state.ts'
import type { PlannerEvent } from '../step-context.ts'
import { dryText } from '../trials.ts'

/** What a step comes to: the state after it, and what it sends. */
export type Change = { state: PlannerState; send: Outgoing[] }

/** The run's status changes, for a reason in words. */
export function turn(
  state: PlannerState,
  status: PlannerState['status'],
  reason: string,
  event: PlannerEvent,
  fix?: string,
): Change {
  const message = outgoing.status({ status, reason, ...(fix ? { fix } : {}) }, event.id)
  return { state: { ...state, status, statusReason: reason }, send: [message] }
}

/** Why nothing more is asked for. */
function reasonOf(state: PlannerState, attempt: Attempt, at: string): StopReason {
  const { program } = attempt
  const sources = program?.sources ?? []
  const wanted = attempt.carried + sources.reduce((sum, source) => sum + source.rows, 0)
  if (attempt.rows >= wanted) return 'rows-complete'
  if (dryText(attempt) !== null) return 'teacher-unavailable'
  if (isBudgetExhausted(state, attempt)) return 'budget-used'
  if (isOverdue(attempt.startedAt, at, state.config)) return 'hours-used'
  return attempt.round >= roundsOf(state.config, program) ? 'rounds-used' : 'candidates-used'
}

/** Ends the run with what it has; `known` is the reason, where more could be asked for. */
export function finish(change: Change, attempt: Attempt, event: PlannerEvent, known: StopReason | null = null): Change {
  const { state } = change
  const stopReason = known ?? reasonOf(state, attempt, event.at)
  const made = attempt.rows > 0
  const done: Attempt = {
    ...attempt,
    outcome: made ? 'made' : 'invalid',
    error: attempt.error ?? dryText(attempt) ?? (made ? null : 'no row was admitted'),
  }
  const after = { ...state, attempts: [done], bestAttempt: made ? 1 : null, stopReason, phase: 'done' as const }
  const finished = outgoing.finished(event.id, {
    stopReason,
    chosenAttempt: made ? 1 : null,
    dataset: done.dataset,
    datasetHash: done.datasetHash,
    controlDatasetHash: null,
    attempts: 1,
    validAttempts: made ? 1 : 0,
    seeds: { search: [state.config.seed], replay: state.config.seed, replays: [] },
  })
  const why = done.error && stopReason !== 'rows-complete' ? `${stopReason}: ${done.error}` : stopReason
  const last = turn(after, made ? 'finished' : 'failed', `${attempt.rows} rows: ${why}`, event)
  return { state: last.state, send: [...change.send, finished, ...last.send] }
}
