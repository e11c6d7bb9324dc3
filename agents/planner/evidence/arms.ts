import { byKind, candidateName, type TrainedArm } from '../../../schemas/arm.ts'
import type { ArmRecord } from '../../../schemas/messages/evaluation.ts'
import type { Candidate } from '../../../schemas/training.ts'
import { type Draft, recover, train } from '../draft.ts'
import type { PlannerState } from '../state.ts'
import { armDataset } from './arm-dataset.ts'
import { askOpening } from './opening-list.ts'
import { trainingSeeds } from './training-seeds.ts'

/**
 * The arms of a run: the chosen dataset and the baselines asked for, each trained with the same fresh seeds once the search is over.
 * R1  Every step settles what it can: an arm whose dataset is there is trained, and the opening is asked for when all are. So a step
 *     that is taken again, or a state of an earlier version, arrives at the same arms.
 * R2  A baseline that cannot be made is left out with its reason; it never holds the chosen dataset up.
 * R3  An arm with the dataset of another one is not trained: that one's results are its results.
 * R4  At most `maxJobsInFlight` trainings are asked for and not reported yet; `before` is the state that the step began with.
 */
export async function settleArms(draft: Draft, before = draft.state): Promise<void> {
  if (draft.state.phase !== 'replaying') return
  for (const arm of wantedArms(draft.state)) {
    if (draft.state.arms.some((record) => record.arm === arm)) continue
    const made = await armDataset(draft, arm)
    if (made === 'in the making') continue
    const record = { arm, ...made, sameAs: twinOf(draft.state, made.datasetHash) }
    draft.state = { ...draft.state, arms: [...draft.state.arms, record] }
  }
  for (const { name, record, seed } of asked(draft.state).slice(asked(before).length)) train(draft, name, record, seed)
  if (isSettled(draft.state)) await askOpening(draft)
}

/** One of the arms' adapters was trained. */
export async function armTrained(draft: Draft, candidate: Candidate): Promise<void> {
  const known = draft.state.trained.some(({ name }) => name === candidate.name)
  if (!known) recover(draft)
  const before = draft.state
  if (!known) draft.state = { ...before, trained: [...before.trained, candidate] }
  await settleArms(draft, before)
}

type ArmTraining = { name: string; record: ArmRecord; seed: number }

/** Every training of the arms settled so far, arm by arm: what is settled later comes after, so a step only ever adds to the end. */
function trainings({ arms, config }: PlannerState): ArmTraining[] {
  const { replays } = trainingSeeds(config)
  return arms
    .filter(isTrained)
    .flatMap((record) => replays.map((seed, index) => ({ name: candidateName(record.arm, index + 1), record, seed })))
}

/** Those that are asked for by now: the trained ones' number and as many as may be in flight. */
function asked(state: PlannerState): ArmTraining[] {
  const { maxJobsInFlight } = state.config.limits
  return trainings(state).slice(0, state.trained.length + (maxJobsInFlight ?? Infinity))
}

const wantedArms = ({ config }: PlannerState): TrainedArm[] => ['final', ...byKind(config.evidence.arms)]

const twinOf = ({ arms }: PlannerState, datasetHash: string | null): TrainedArm | null =>
  arms.find((other) => isTrained(other) && other.datasetHash === datasetHash)?.arm ?? null

const isTrained = ({ dataset, sameAs }: ArmRecord): boolean => dataset !== null && sameAs === null

function isSettled(state: PlannerState): boolean {
  if (wantedArms(state).some((arm) => !state.arms.some((record) => record.arm === arm))) return false
  return trainings(state).every(({ name }) => state.trained.some((candidate) => candidate.name === name))
}
