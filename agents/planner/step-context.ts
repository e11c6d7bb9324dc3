import type { PayloadOf } from '../../schemas/message.ts'
import type { Fault, FinalEvalResults, Report } from '../../schemas/messages/evaluation.ts'
import type { Tried, Verdict } from '../../schemas/messages/generation.ts'
import type { OperatorCommand, RunStarted } from '../../schemas/messages/run.ts'
import { queuesOf } from '../../schemas/queue.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { guidanceOf } from './guidance.ts'
import { outgoing } from './outgoing.ts'
import type { Policy } from './policy.ts'
import type { Attempt, Outgoing, PlannerState } from './state.ts'
import type { PlannerStore } from './store.ts'

/** What a planner reacts to. `id` is the message's id, `at` its time on the log. */
export type PlannerEvent = { id: string; at: string } & (
  | { kind: 'run-started'; payload: PayloadOf<typeof RunStarted> }
  | { kind: 'operator-command'; payload: PayloadOf<typeof OperatorCommand> }
  | { kind: 'tried'; payload: PayloadOf<typeof Tried> }
  | { kind: 'verdict'; payload: PayloadOf<typeof Verdict> }
  | { kind: 'report'; payload: PayloadOf<typeof Report> }
  | { kind: 'final-eval-results'; payload: PayloadOf<typeof FinalEvalResults> }
  | { kind: 'fault'; payload: PayloadOf<typeof Fault> }
)

export type StepDeps = { policy: Policy; store: PlannerStore; signal: AbortSignal }

/** One step in the making: the state so far and the messages decided. */
export type StepContext = { state: PlannerState; send: Outgoing[]; deps: StepDeps; event: PlannerEvent }

/** The task and the queues of a run, as its messages carry them. */
export const taskOf = (config: RunConfig) => ({
  publicTask: config.publicTask,
  sealedTask: config.sealedTask,
  variants: queuesOf(config),
})

/** With what a step opens a round. */
export const roundAt = ({ event: { at }, deps: { store } }: StepContext) => ({ at, store })

/** Changes the run's status and publishes it to the readers of the log; `reason` and `fix` are for a person. */
export function setStatus(
  context: StepContext,
  status: PlannerState['status'],
  reason: string,
  extra: { fix?: string } = {},
): void {
  context.state = { ...context.state, status, statusReason: reason }
  context.send.push(outgoing.status({ status, reason, ...extra }, context.event.id))
}

/** What only the final evaluation waits for. */
const ofFinalEval: readonly string[] = [
  'final-eval-request',
  'sealed-eval-job',
  'answers',
  'final-eval-results',
  'fault',
  'operator-command',
]

/**
 * A run's status once a message of it has become a dead letter; null where the run waits for no such message any more: it has ended, or
 * is in its final evaluation. One that a person stopped stays so and sends no work, and the resume that lets it go on redrives the dead
 * letter too.
 */
export function statusAfterFault(
  { phase, status }: Pick<PlannerState, 'phase' | 'status'>,
  { message }: PayloadOf<typeof Fault>,
): PlannerState['status'] | null {
  if (phase === 'done' || (phase === 'final-eval' && !ofFinalEval.includes(message))) return null
  return status === 'paused' || status === 'stopped' ? status : 'faulted'
}

/** A message that the run waited for has come after a fault: its dead letter was redriven. One that came late says nothing of that. */
export function recover(context: StepContext): void {
  if (context.state.status === 'faulted') setStatus(context, 'running', 'goes on after a fault')
}

/** Takes an attempt in, in place of what was known of it; attempt 0 is the control. */
export function putAttempt(context: StepContext, attempt: Attempt): void {
  const { state } = context
  if (attempt.attempt === 0) {
    context.state = { ...state, control: attempt }
    return
  }
  const others = state.attempts.filter((each) => each.attempt !== attempt.attempt)
  context.state = { ...state, attempts: [...others, attempt].sort((a, b) => a.attempt - b.attempt) }
}

/** The best valid attempt by validation; null before there is one. */
export function best(state: PlannerState): Attempt | null {
  return state.attempts.find((each) => each.attempt === state.bestAttempt) ?? null
}

/** Asks for a training on a dataset, and for its replies to the validation questions. */
export function train(
  context: StepContext,
  studentModel: string,
  { dataset, datasetHash }: Pick<Attempt, 'dataset' | 'datasetHash'>,
  seed: number,
  guidance = guidanceOf(context.state, true),
): void {
  const { config } = context.state
  const training = { dataset: dataset!, datasetHash: datasetHash!, seed }
  context.send.push(
    outgoing.job(config, {
      studentModel,
      training,
      examples: false,
      student: context.state.base?.studentModel.student,
      runtimes: context.state.base?.studentModel.runtimes,
      guidance,
      ...taskOf(config),
    }),
  )
}
