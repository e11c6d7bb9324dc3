import { isEvaluatedOn } from '../../agents/evaluator/eval-plan.ts'
import type { Arm } from '../../schemas/arm.ts'
import type { Program } from '../../schemas/program.ts'
import type { Evidence, RunConfig } from '../../schemas/run.ts'
import { EvalSetName } from '../../schemas/sealed-results.ts'
import type { SearchSettings } from '../../schemas/search.ts'
import type { TrainingRow } from '../../schemas/task.ts'
import type { Prices } from '../../schemas/usage.ts'

/** What earlier runs in the folder of runs measured; null where there is nothing to go by. */
export type Past = {
  /** Seconds of training for one row, and how many trainings say so. */
  training: { secondsPerRow: number; trainings: number } | null
  /**
   * How fast the same student was trained by the same runtime for any task, where this task says nothing: tokens a second on a device, and
   * tokens of a row, in so many trainings.
   */
  speed: { tokensPerSecond: number; tokensPerRow: number; device: string; trainings: number } | null
  /** Seconds in which a tuned student answers one question of validation, and how often it answered all of them. */
  answers: { secondsEach: number; evaluations: number } | null
  /** Admitted of asked, of the same task and teacher. */
  yield: { share: number; asked: number } | null
  /** Calls a second while rows were made, with the same teacher. */
  callsPerSecond: number | null
  /** The critic's calls for one call of the generator, by stage, of the same task and teacher; null where none of its calls is known. */
  checks: { vote: number; judge: number } | null
}
export type EstimateInput = {
  /** Rows of every dataset, and datasets to try. */
  rows: number
  attempts: number
  /** How often a training sees each row. */
  epochs: number
  /** How the attempts are chosen; left out: one after the other, each from the best. */
  search?: SearchSettings
  /** Null where nothing is trained. */
  evidence: Trained | null
  /** Questions of each evaluation set. */
  evalSets: QuestionCounts
  /** The program of each dataset, or one that stands for those that a planner will write; null where no teacher is prompted. */
  program: Program | null
  /** Whether a program that a planner will write may ask a model about its rows. */
  mayCheck: boolean
  models: RunConfig['models']
  /** The planner's limits, where it asks a model. */
  planner: { contextChars: number } | null
  instruction: string
  fewShot: readonly TrainingRow[]
  /** Tokens of a reply of the student at most. */
  maxNewTokens: number
  /** Characters of a seed of the task's pool in the mean. */
  poolChars: number
  prices: Prices
  limits: Pick<RunConfig['limits'], 'teacherCalls' | 'plannerCalls' | 'analystCalls' | 'tokens' | 'money' | 'maxHours'>
  past: Past
}

/** What is trained beside the attempts, and which sets it is evaluated on. */
export type Trained = Pick<Evidence, 'arms' | 'seeds' | 'submissions' | 'retention'>

/** Questions of validation, and of each evaluation set of the sealed session. */
export type QuestionCounts = Readonly<Record<'validation' | EvalSetName, number>>

/** Questions that the student answers: those of validation by every student model, and those of the sealed session. */
export type AnswerCounts = { validation: number; sealed: number }

/** The answers of a whole run, if every attempt is valid and no two arms have the same dataset. */
export function answerCounts(
  { scored: attempts, races }: { scored: number; races: number },
  { arms, seeds, submissions, retention }: Trained,
  evalSets: QuestionCounts,
): AnswerCounts {
  const trained = [...arms, 'final' as const].flatMap((arm) => Array<Arm>(seeds).fill(arm))
  const submitted = Array<Arm>(submissions ? attempts : 0).fill('submission')
  const evaluated: Arm[] = ['base', 'base-examples', ...trained, ...submitted]
  const sealed = EvalSetName.options
    .filter((evalSet) => evalSet !== 'retention' || retention)
    .map((evalSet) => evalSets[evalSet] * evaluated.filter((arm) => isEvaluatedOn[evalSet]({ arm })).length)
  return {
    validation: evalSets.validation * (1 + attempts + races + trained.length),
    sealed: sealed.reduce((sum, each) => sum + each, 0),
  }
}
