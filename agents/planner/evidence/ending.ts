import type { StopReason } from '../../../schemas/run.ts'
import { outgoing } from '../outgoing.ts'
import { best, type StepContext, setStatus } from '../step-context.ts'
import { trainingSeeds } from './training-seeds.ts'

/** The final evaluation is done: the run is over. */
export function finish(context: StepContext): void {
  if (context.state.phase !== 'final-eval') return
  conclude(context, context.state.stopReason ?? 'attempts-used')
  setStatus(context, 'finished', `search ended: ${context.state.stopDetail ?? context.state.stopReason}`)
}

/** The run is over without anything to test. */
export function fail(context: StepContext, stopReason: StopReason, reason: string): void {
  conclude(context, stopReason)
  setStatus(context, 'failed', reason)
}

function conclude(context: StepContext, stopReason: StopReason): void {
  const { state } = context
  const chosen = best(state)
  const { search, replays } = trainingSeeds(state.config)
  context.state = { ...state, stopReason, phase: 'done' }
  context.send.push(
    outgoing.finished('end', {
      stopReason,
      ...(state.stopDetail && { stopDetail: state.stopDetail }),
      chosenAttempt: chosen?.attempt ?? null,
      dataset: chosen?.dataset ?? null,
      datasetHash: chosen?.datasetHash ?? null,
      controlDatasetHash: state.control?.datasetHash ?? null,
      attempts: state.attempts.length,
      validAttempts: state.attempts.filter((each) => each.outcome === 'scored').length,
      seeds: { search: [search], replay: replays[0]!, replays },
    }),
  )
}
