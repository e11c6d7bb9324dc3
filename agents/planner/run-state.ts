import type { RunConfig } from '../../schemas/run.ts'
import type { Outgoing, PlannerState } from './state.ts'

/** A run before anything is known of it but its settings; `started` is the id of the message that began it. */
export function newRun(config: RunConfig, started: string): PlannerState {
  return {
    config,
    status: 'running',
    statusReason: 'started',
    phase: 'base',
    base: null,
    contamination: null,
    attempts: [],
    control: null,
    bestAttempt: null,
    fixesInARow: 0,
    arms: [],
    trained: [],
    stopReason: null,
    seen: [started],
    held: [],
    outbox: [],
  }
}

/**
 * The state after a step with the messages that it decided: P2, the outbox keeps what is not published yet; P3, work of a run that
 * is paused or stopped is held, and sent with the next step after it resumes. Events are always published.
 */
export function withMessages(state: PlannerState, send: readonly Outgoing[]): PlannerState {
  if (state.status !== 'paused' && state.status !== 'stopped') {
    return { ...state, outbox: [...state.outbox, ...state.held, ...send], held: [] }
  }
  const work = send.filter((message) => message.variant !== null)
  const events = send.filter((message) => message.variant === null)
  return { ...state, outbox: [...state.outbox, ...events], held: [...state.held, ...work] }
}
