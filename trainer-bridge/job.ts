import { TerminalError } from '../bus/mod.ts'
import { hashOf } from '../schemas/hash.ts'
import { describeRuntimes, type RuntimeIdentity, type Runtimes } from '../schemas/runtime-identity.ts'
import { runtimeRevision } from '../schemas/runtime-protocol.ts'
import { learntRecipe } from '../schemas/runtime-recipe-keys.ts'
import { ChatSettings, type InferenceSettings, type Recipe, ThinkingSettings } from '../schemas/task.ts'
import type { StudentModel } from '../schemas/training.ts'

/** The student as it is on this machine; the hash is over its weights, tokenizer and configuration. */
export type Student = { name: string; path: string; sha256: string }

/** What the field `student` of a run's settings says: enough to tell two students apart. */
export const studentLabel = (student: Student): string => `${student.name}${weightsMark(student)}`

const weightsMark = ({ sha256 }: Student): string => `@${sha256.slice(0, 12)}`

/**
 * A run has one student, so that its scores can be compared.
 * @throws TerminalError when it was begun with other weights than these; `label` is that student's, undefined where the run does not say it
 */
export function requireStudent(own: Student, label: string | undefined): void {
  if (label === undefined || label.endsWith(weightsMark(own))) return
  throw new TerminalError(
    `the run was begun with the student ${label}, and this trainer-bridge has ${studentLabel(own)}; start it with the first one`,
  )
}

/** @throws TerminalError for an adapter that was trained on other weights: it would load, and answer nonsense */
export function requireAdapterOf(own: Student, { name, adapter, studentHash }: StudentModel): void {
  if (adapter === null || studentHash === undefined || studentHash === own.sha256) return
  throw new TerminalError(
    `the adapter of ${name} was trained on the student @${studentHash.slice(0, 12)}, and this trainer-bridge has ${studentLabel(own)}; start it with the first one`,
  )
}

/**
 * All of a run is trained and answered by the same runtimes, so that its scores can be compared.
 * @throws TerminalError when it was begun with others than these; undefined: the project's own does both
 */
export function requireRuntimes(own: Runtimes | undefined, begunWith: Runtimes | undefined): void {
  const [here, there] = [own, begunWith].map(describeRuntimes)
  if (here === there) return
  throw new TerminalError(
    `the run was begun with student models ${there}, and this trainer-bridge has them ${here}; start it with the first ones: options.train and options.infer of the trainer-bridge, on the same kind of device`,
  )
}

/** The day that templates are given where they ask for today's, so that a prompt is the same on every day. */
const templateDate = '2025-01-01'

/** How a student is spoken with: what the topology says is laid over what the task says. */
export function chatOf(task: Partial<InferenceSettings>, options: ThinkingSettings): ThinkingSettings {
  return { template_date: templateDate, ...ThinkingSettings.strip().parse({ ...task, ...options }) }
}

/** The part of it that a training sees. */
export const templateOf = (chat: ThinkingSettings): ChatSettings => ChatSettings.strip().parse(chat)

/**
 * Identity of a training: the same dataset, student, recipe and seed, with the same chat settings, revision and runtime, are the same job,
 * whatever run asks, and are never trained twice. Runs from before the chat and the revision were said have neither in their hash.
 * `trainer`: what trains; left out for the project's own runtime.
 */
export function jobHashOf(job: {
  datasetHash: string
  student: Student
  recipe: Recipe
  seed: number
  chat?: ThinkingSettings | undefined
  runtime?: number | undefined
  trainer?: RuntimeIdentity | undefined
}): string {
  const { datasetHash: dataset, student, recipe, seed, chat, runtime, trainer } = job
  const since = { ...(chat && { chat: templateOf(chat) }), ...(runtime && { runtime }), ...(trainer && { trainer }) }
  return hashOf({ dataset, student: student.sha256, recipe: learntRecipe(recipe), seed, ...since })
}

/**
 * Identity of a set of replies: who answered which questions, how. Decoding is greedy, so equal keys mean equal replies.
 * `answerer`: what answered; left out for the project's own runtime.
 */
export function repliesKey(asked: {
  student: Student
  adapterSha256: string | null
  questionsSha256: string
  examples: unknown
  inference: unknown
  system: string
  answerer?: RuntimeIdentity | undefined
}): string {
  const { student, answerer, ...others } = asked
  return hashOf({ ...others, student: student.sha256, runtime: runtimeRevision, ...(answerer && { answerer }) })
}
