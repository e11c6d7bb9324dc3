import type { StopReason } from '../../../schemas/run.ts'
import { best, type Draft, setStatus } from '../draft.ts'
import { outgoing } from '../outgoing.ts'
import { trainingSeeds } from './training-seeds.ts'

/** The test was opened: the run is over. */
export function finish(draft: Draft): void {
  if (draft.state.phase !== 'opening') return
  conclude(draft, draft.state.stopReason ?? 'attempts-used')
  setStatus(draft, 'finished', `search ended: ${draft.state.stopReason}`)
}

/** The run is over without anything to test. */
export function fail(draft: Draft, stopReason: StopReason, reason: string): void {
  conclude(draft, stopReason)
  setStatus(draft, 'failed', reason)
}

function conclude(draft: Draft, stopReason: StopReason): void {
  const { state } = draft
  const chosen = best(state)
  const { search, replays } = trainingSeeds(state.config)
  draft.state = { ...state, stopReason, phase: 'done' }
  draft.send.push(
    outgoing.finished('end', {
      stopReason,
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
