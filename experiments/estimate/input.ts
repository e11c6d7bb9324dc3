import type { Program } from '../../schemas/program.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { TrainingRow } from '../../schemas/task.ts'
import type { Prices } from '../../schemas/usage.ts'
import type { EvalSets, Trained } from './answers.ts'

/** What earlier runs in the folder of runs measured; null where there is nothing to go by. */
export type Past = {
  /** Seconds of training for one row, and how many trainings say so. */
  training: { secondsPerRow: number; trainings: number } | null
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
  /** Null where nothing is trained. */
  evidence: Trained | null
  /** Questions of each paper. */
  evalSets: EvalSets
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
  limits: Pick<RunConfig['limits'], 'teacherCalls' | 'plannerCalls' | 'tokens' | 'money' | 'maxHours'>
  past: Past
}
