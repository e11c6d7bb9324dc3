import { byKind, candidateName, type TrainedArm } from '../../schemas/arm.ts'
import type { ArmRecord } from '../../schemas/messages/evaluation.ts'
import type { Candidate } from '../../schemas/training.ts'
import { armDataset } from './arm-dataset.ts'
import { type Draft, train } from './draft.ts'
import { askOpening } from './opening-list.ts'
import type { PlannerState } from './state.ts'
import { trainingSeeds } from './training-seeds.ts'

/**
 * The arms of a run: the chosen dataset and the baselines asked for, each trained with the same fresh seeds once the search is over.
 * R1  Every step settles what it can: an arm whose dataset is there is trained, and the opening is asked for when all are. So a step
 *     that is taken again, or a state of an earlier version, arrives at the same arms.
 * R2  A baseline that cannot be made is left out with its reason; it never holds the chosen dataset up.
 * R3  An arm with the dataset of another one is not trained: that one's results are its results.
 */
export async function settleArms(draft: Draft): Promise<void> {
  if (draft.state.phase !== 'replaying') return
  const fresh: ArmRecord[] = []
  for (const arm of wantedArms(draft.state)) {
    if (draft.state.arms.some((record) => record.arm === arm)) continue
    const made = await armDataset(draft, arm)
    if (made === 'in the making') continue
    const record = { arm, ...made, sameAs: twinOf(draft.state, made.datasetHash) }
    draft.state = { ...draft.state, arms: [...draft.state.arms, record] }
    if (isTrained(record)) fresh.push(record)
  }
  for (const [index, seed] of trainingSeeds(draft.state.config).replays.entries()) {
    for (const record of fresh) train(draft, candidateName(record.arm, index + 1), record, seed)
  }
  if (isSettled(draft.state)) await askOpening(draft)
}

/** One of the arms' adapters was trained. */
export async function armTrained(draft: Draft, candidate: Candidate): Promise<void> {
  const known = draft.state.trained.some(({ name }) => name === candidate.name)
  if (!known) draft.state = { ...draft.state, trained: [...draft.state.trained, candidate] }
  await settleArms(draft)
}

const wantedArms = ({ config }: PlannerState): TrainedArm[] => ['final', ...byKind(config.evidence.arms)]

const twinOf = ({ arms }: PlannerState, datasetHash: string | null): TrainedArm | null =>
  arms.find((other) => isTrained(other) && other.datasetHash === datasetHash)?.arm ?? null

const isTrained = ({ dataset, sameAs }: ArmRecord): boolean => dataset !== null && sameAs === null

function isSettled(state: PlannerState): boolean {
  if (wantedArms(state).some((arm) => !state.arms.some((record) => record.arm === arm))) return false
  return state.arms
    .filter(isTrained)
    .every(({ arm }) =>
      trainingSeeds(state.config).replays.every((_, index) =>
        state.trained.some(({ name }) => name === candidateName(arm, index + 1)),
      ),
    )
}
