import { type Bus, TerminalError } from '../bus/mod.ts'
import { SetupError } from '../provision/mod.ts'
import { sha256 } from '../schemas/hash.ts'
import { FinalEvalRequest, Predictions } from '../schemas/messages/evaluation.ts'
import { RunFinished, RunStarted, StatusChanged } from '../schemas/messages/run.ts'
import type { RunConfig, RunStatus } from '../schemas/run.ts'
import { PublicTask } from '../schemas/task.ts'
import type { Adapter, StudentModel } from '../schemas/training.ts'
import { UsageError } from '../schemas/user-error.ts'
import type { Student } from '../trainer-bridge/job.ts'
import { prepareStudent } from '../trainer-bridge/student.ts'
import { adapterFolder } from '../trainer-bridge/trainings.ts'

/**
 * The student models of a run, as its log names them.
 *
 * M1 A model is there once the trainer-bridge published its predictions, whether or not the run is finished.
 * M2 What is read of an adapter has the hash that the log says, file by file and as a whole.
 * M3 A base has the hash that the log says, or is refused.
 */

export type RunModels = {
  config: RunConfig
  task: PublicTask
  /** Null before the planner has spoken. */
  status: RunStatus | null
  /** The attempt whose dataset the search chose; null until then. */
  chosenAttempt: number | null
  /** By name: `base`, `attempt-2`, `final`, `control`, `final-s2` … */
  models: ReadonlyMap<string, StudentModel>
  /** Arms that have no model of their own, since their dataset is another arm's. */
  sameAs: ReadonlyMap<string, string>
}

/** A student model with an adapter. */
export type TrainedModel = StudentModel & { adapter: Adapter; jobHash: string }

const seeRuns = 'See the runs with: npx syllabus status'

/**
 * Reads the models of a run from its log.
 * @throws UsageError when there is no such run
 */
export async function modelsOfRun(bus: Bus, runId: string): Promise<RunModels> {
  const models = new Map<string, StudentModel>()
  const sameAs = new Map<string, string>()
  let config: RunConfig | null = null
  let status: RunStatus | null = null
  let chosenAttempt: number | null = null
  for await (const { name, payload } of bus.log({ runId, follow: false, signal: new AbortController().signal })) {
    if (name === RunStarted.name) config ??= RunStarted.schema.safeParse(payload).data?.config ?? null
    if (name === StatusChanged.name) status = StatusChanged.schema.safeParse(payload).data?.status ?? status
    if (name === RunFinished.name) {
      chosenAttempt = RunFinished.schema.safeParse(payload).data?.chosenAttempt ?? chosenAttempt
    }
    if (name === Predictions.name) {
      const answered = Predictions.schema.safeParse(payload).data?.studentModel
      if (answered) models.set(answered.name, answered)
    }
    if (name === FinalEvalRequest.name) {
      for (const arm of FinalEvalRequest.schema.safeParse(payload).data?.arms ?? []) {
        if (arm.sameAs !== null) sameAs.set(arm.arm, arm.sameAs)
      }
    }
  }
  if (config === null) throw new UsageError(`There is no run ${runId} on this bus.`, seeRuns)
  const task = await bus.objects.getJson(config.publicTask, PublicTask)
  return { config, task, status, chosenAttempt, models, sameAs }
}

/**
 * The model of that name. An arm whose dataset is another arm's has that arm's model.
 * @throws UsageError when it was not trained
 */
export function modelNamed({ config, status, models, sameAs }: RunModels, name: string): StudentModel {
  const found = models.get(name) ?? models.get(sameAs.get(name) ?? '')
  if (found) return found
  const trained = [...models.values()].filter(isTrained).map((each) => each.name)
  const goesOn = status !== 'finished' && status !== 'failed'
  const fixes = [
    ...(trained.length > 0 ? [`name one that was trained (${trained.join(', ')}): --model ${trained.at(-1)}`] : []),
    ...(goesOn ? [`let the run go on: npx syllabus resume ${config.runId}`] : []),
  ]
  throw new UsageError(
    `Run ${config.runId}${goesOn ? ' is not finished and' : ''} has no model ${name}${trained.length > 0 ? '' : ': none was trained'}.`,
    fixes.length > 0 ? `${sentence(fixes.join(', or '))}.` : 'Start another run: npx syllabus run',
  )
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

export const isTrained = (model: StudentModel): model is TrainedModel =>
  model.adapter !== null && model.jobHash !== null

/**
 * The same of one that has an adapter.
 * @throws UsageError when it was not trained, as the base is
 */
export function trainedModelNamed(run: RunModels, name: string): TrainedModel {
  const found = modelNamed(run, name)
  if (isTrained(found)) return found
  throw new UsageError(
    `${name} is the base student: it has no adapter.`,
    'Name a trained model, for example: --model final',
  )
}

/**
 * A folder of the home with the adapter's files as they were trained, byte by byte.
 * @throws UsageError when its bytes are gone, or are not what the log says
 */
export async function folderOfAdapter(
  bus: Bus,
  trainer: string,
  { name, jobHash, adapter }: TrainedModel,
): Promise<string> {
  const retrain =
    'Train it again: a new run with the same seed and task makes the same dataset. Or use another home that has the run.'
  const whole = wholeHash(adapter)
  if (whole !== adapter.sha256) {
    throw new UsageError(
      `The log says that the adapter of ${name} is ${adapter.sha256}, and its files make ${whole}.`,
      retrain,
    )
  }
  try {
    return await adapterFolder(bus, trainer, jobHash, adapter)
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error
    throw new UsageError(`The adapter of ${name} cannot be read as the log says: ${error.message}.`, retrain, {
      cause: error,
    })
  }
}

/** Over an adapter's files in name order: each name, a zero byte, its SHA-256. The runtime names adapters by it. */
const wholeHash = ({ files }: Adapter): string =>
  sha256(
    files
      .toSorted((one, other) => (one.name < other.name ? -1 : 1))
      .map(({ name, object }) => `${name}\0${object.sha256}`)
      .join(''),
  )

/**
 * The base student of a run's models on this machine, fetched where it was not there, with the weights that the run began with.
 * @throws SetupError when it cannot be fetched, or is another one by now
 */
export async function baseOfRun(
  { config, models }: RunModels,
  setup: Parameters<typeof prepareStudent>[1],
): Promise<Student> {
  const student = await prepareStudent(config.student ?? 'embedded', setup)
  const wanted = [...models.values()].find(({ studentHash }) => studentHash)?.studentHash
  if (wanted === undefined || wanted === student.sha256) return student
  throw new SetupError(
    `The base student at ${student.path} is ${student.sha256.slice(0, 12)}, and run ${config.runId} was trained on ${wanted.slice(0, 12)}.`,
    'Put the files of the student back that the run began with; an adapter does not fit other weights.',
  )
}
