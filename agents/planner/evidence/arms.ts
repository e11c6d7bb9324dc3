import { type Arm, byKind, studentModelName, type TrainedArm } from '../../../schemas/arm.ts'
import type { ArmRecord, PrimaryComparison } from '../../../schemas/messages/evaluation.ts'
import type { RunConfig } from '../../../schemas/run.ts'
import type { PublicTask } from '../../../schemas/task.ts'
import type { StudentModel } from '../../../schemas/training.ts'
import { outgoing } from '../outgoing.ts'
import type { PlannerState } from '../state.ts'
import { recover, type StepContext, taskOf, train } from '../step-context.ts'
import { armDataset } from './arm-dataset.ts'
import { trainingSeeds } from './training-seeds.ts'

/**
 * The arms of a run: the chosen dataset and the baselines asked for, each trained with the same fresh seeds once the search is over.
 * R1  Every step settles what it can: an arm whose dataset is there is trained, and the final evaluation is asked for when all are. So a
 *     step that is taken again, or a state of an earlier version, arrives at the same arms.
 * R2  A baseline that cannot be made is left out with its reason; it never holds the chosen dataset up.
 * R3  An arm with the dataset of another one is not trained: that one's results are its results.
 * R4  At most `maxJobsInFlight` trainings are asked for and not reported yet; `before` is the state that the step began with.
 */
export async function settleArms(context: StepContext, before = context.state): Promise<void> {
  if (context.state.phase !== 'replaying') return
  for (const arm of wantedArms(context.state)) {
    if (context.state.arms.some((record) => record.arm === arm)) continue
    const made = await armDataset(context, arm)
    if (made === 'in the making') continue
    const record = { arm, ...made, sameAs: twinOf(context.state, made.datasetHash) }
    context.state = { ...context.state, arms: [...context.state.arms, record] }
  }
  for (const { name, record, seed } of asked(context.state).slice(asked(before).length))
    train(context, name, record, seed)
  if (isSettled(context.state)) await askFinalEval(context)
}

/** One of the arms' adapters was trained. */
export async function armTrained(context: StepContext, studentModel: StudentModel): Promise<void> {
  const known = context.state.trained.some(({ name }) => name === studentModel.name)
  if (!known) recover(context)
  const before = context.state
  if (!known) context.state = { ...before, trained: [...before.trained, studentModel] }
  await settleArms(context, before)
}

type ArmTraining = { name: string; record: ArmRecord; seed: number }

/** Every training of the arms settled so far, arm by arm: what is settled later comes after, so a step only ever adds to the end. */
function trainings({ arms, config }: PlannerState): ArmTraining[] {
  const { replays } = trainingSeeds(config)
  return arms
    .filter(isTrained)
    .flatMap((record) =>
      replays.map((seed, index) => ({ name: studentModelName(record.arm, index + 1), record, seed })),
    )
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
  return trainings(state).every(({ name }) => state.trained.some((studentModel) => studentModel.name === name))
}

/** Asks for the final evaluation. The list, the arms' datasets and the comparison that counts are frozen with it. */
async function askFinalEval(context: StepContext): Promise<void> {
  const { state } = context
  const { config, base, arms, trained, attempts } = state
  const task = await context.deps.store.task(config.publicTask)
  const { studentModel, examplesLeftOut } = base!
  const examples = { ...studentModel, name: 'base-examples', arm: 'base-examples' as const, examples: true }
  const submissions = config.evidence.submissions
    ? attempts.flatMap(({ outcome, studentModel }) => (outcome === 'scored' && studentModel ? [studentModel] : []))
    : []
  context.state = { ...state, phase: 'final-eval' }
  context.send.push(
    outgoing.finalEvalRequest(config, {
      studentModels: [
        studentModel,
        ...(examplesLeftOut === undefined ? [examples] : []),
        ...inOrder(state),
        ...submissions,
      ],
      arms,
      ...(examplesLeftOut !== undefined && { examplesLeftOut }),
      primary: primaryComparison(config, task, trained),
      datasets: arms.flatMap(({ dataset }) => (dataset ? [dataset] : [])),
      ...taskOf(config),
    }),
  )
}

/** The baselines, then the chosen dataset; each by its seeds. Whatever the order in which they were trained, the list is the same. */
function inOrder({ trained, config }: PlannerState): StudentModel[] {
  const order: readonly Arm[] = [...byKind(config.evidence.arms), 'final']
  return trained.toSorted((a, b) => order.indexOf(a.arm) - order.indexOf(b.arm) || a.seedIndex - b.seedIndex)
}

/** What a run is judged by: its chosen dataset against the control, or against the base where no control was trained. */
const primaryComparison = (
  { primary: mode }: Pick<RunConfig, 'primary'>,
  { headline: part }: Pick<PublicTask, 'headline'>,
  studentModels: readonly Pick<StudentModel, 'arm'>[],
): PrimaryComparison => ({
  arm: 'final',
  against: studentModels.some(({ arm }) => arm === 'control') ? 'control' : 'base',
  part,
  mode,
  seedIndex: 1,
})
