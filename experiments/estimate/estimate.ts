import { priorYield } from '../../agents/planner/rounds.ts'
import type { Program } from '../../schemas/program.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { TrainingRow } from '../../schemas/task.ts'
import { moneyOf, type Prices, type Spent, spentOn } from '../../schemas/usage.ts'
import { type Answers, answersOf, type Papers, type Trained } from './answers.ts'
import { callsOf } from './calls.ts'
import { assumptionsOf, beyondOf } from './in-words.ts'

/** What earlier runs in the folder of runs measured; null where there is nothing to go by. */
export type Past = {
  /** Seconds of training for one row, and how many trainings say so. */
  training: { secondsPerRow: number; trainings: number } | null
  /** Seconds in which a tuned student answers one question of validation, and how often it answered all of them. */
  answers: { secondsEach: number; sittings: number } | null
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
  papers: Papers
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

/** What a run will probably take. Null: nothing is known to go by, and nothing is made up. */
export type Estimate = {
  spent: Spent
  money: number | null
  trainings: { count: number; seconds: number | null }
  /** Questions that the student answers: those of validation by every candidate, and those of the sealed session. */
  answers: Answers
  hours: { training: number | null; answers: number | null; calls: number | null }
  /** In words: what was taken for granted, and from where. */
  assumptions: string[]
  /** In words: the limits that it would reach. */
  beyond: string[]
}

/** Estimates a run before it is begun. Pure. */
export function estimateRun(input: EstimateInput): Estimate {
  const { rows, attempts, evidence, program, prices, past } = input
  const arms = evidence?.arms ?? []
  const datasets = attempts + (arms.includes('control') ? 1 : 0)
  const share = past.yield?.share ?? priorYield
  const candidates = program ? datasets * Math.ceil(rows / share) : 0
  const spent = spentOn(callsOf(input, candidates))
  // The chosen dataset and each baseline once a seed, each attempt once.
  const count = evidence ? attempts + evidence.seeds * (1 + arms.length) : 0
  const seconds = past.training && past.training.secondsPerRow * rows * count
  const answers = evidence ? answersOf(attempts, evidence, input.papers) : { validation: 0, sealed: 0 }
  const answered = answers.validation + answers.sealed
  const callsHours = past.callsPerSecond === null ? null : spent.calls / past.callsPerSecond / 3600
  const estimate = {
    spent,
    money: moneyOf(spent, prices),
    trainings: { count, seconds: count === 0 ? 0 : seconds },
    answers,
    hours: {
      training: count === 0 ? 0 : seconds === null ? null : seconds / 3600,
      answers: answered === 0 ? 0 : past.answers && (past.answers.secondsEach * answered) / 3600,
      calls: spent.calls === 0 ? 0 : callsHours,
    },
    assumptions: assumptionsOf(input, { datasets, candidates, share, count, answered }),
    beyond: [] as string[],
  }
  return { ...estimate, beyond: beyondOf(estimate, input.limits) }
}
