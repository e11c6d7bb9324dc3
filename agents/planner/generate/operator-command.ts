import { planRound } from '../attempt.ts'
import type { PlannerState } from '../state.ts'
import type { PlannerEvent } from '../step-context.ts'
import { type Change, finish, turn } from './finish.ts'

type OperatorEvent = PlannerEvent & { kind: 'operator-command' }

/** What a person asks of a run that makes data alone. */
export function control(state: PlannerState, event: OperatorEvent): Change {
  const { action, reason } = event.payload
  if (action !== 'resume' && state.phase === 'done') return { state, send: [] }
  switch (action) {
    case 'pause':
      return turn(state, 'paused', reason ?? 'paused by a person', event)
    case 'stop':
      return turn(state, 'stopped', reason ?? 'stopped by a person', event)
    case 'resume':
      return resume(state, event)
    case 'finish':
      return { state: { ...state, stopReason: 'stopped-by-user' }, send: [] }
    case 'veto':
      return { state, send: [] }
    default:
      return action satisfies never
  }
}

/**
 * Goes on, under new limits where the person names them. A run that ended short is opened again with a round of new candidates: what its
 * closed rounds paid for stays as it is. It ends at once where its limits allow no more.
 */
function resume(state: PlannerState, event: OperatorEvent): Change {
  const { limits = state.config.limits, reason = 'resumed' } = event.payload
  const [attempt] = state.attempts
  const known = { ...state, config: { ...state.config, limits } }
  if (!attempt) return turn(known, 'running', reason, event)
  const again = { ...attempt, startedAt: event.at }
  const running = turn({ ...known, attempts: [again] }, 'running', reason, event)
  if (state.phase !== 'done') return running
  const open = { ...again, outcome: 'generating' as const, error: null, trials: {} }
  const searching = { ...running.state, phase: 'searching' as const, bestAttempt: null, stopReason: null }
  const next = planRound(searching, open, event.at)
  if (next.messages.length === 0) return finish({ state: searching, send: running.send }, open, event)
  return { state: { ...searching, attempts: [next.attempt] }, send: [...running.send, ...next.messages] }
}
