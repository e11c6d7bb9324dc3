import type { Program, Source } from '../../schemas/program.ts'
import type { Row } from '../../schemas/row.ts'
import type { Operation, RunConfig } from '../../schemas/run.ts'
import type { ScoreSheet } from '../../schemas/score.ts'
import type { PublicTask } from '../../schemas/task.ts'
import type { Spent } from '../../schemas/usage.ts'
import type { BudgetLeft } from './budget-left.ts'
import type { Attempt } from './state.ts'

/** All that a policy may look at when it writes the next program. Nothing of the sealed split is in it. */
export type Situation = {
  runId: string
  prices: RunConfig['prices']
  operation: Exclude<Operation, 'promote'>
  attempt: number
  rows: number
  seed: number
  /** The program that the run names; left out where the planner writes one. */
  given?: Program
  task: PublicTask
  /** Null where the planner is not to know it. */
  base: ScoreSheet | null
  /** Earlier attempts in order, the control not among them. */
  history: readonly Attempt[]
  /** The attempt to start from: the best valid one by validation; null before there is one. */
  best: Attempt | null
  /** Attempts planned from the same state, before this one: it has to differ from them. Left out: none. */
  siblings?: readonly Attempt[]
  /** How many others were planned from the same start: those who plan by rules take another move for each. Left out: none. */
  variation?: number
  /** A few rows of the best attempt's dataset, spread over it. */
  sampleRows: readonly Row[]
  /** What the run's generator can follow. */
  sourceKinds: readonly Source['kind'][]
  /** Whether the run's critic asks a model: only then may a program want a vote or a judge. */
  meteredChecks: boolean
  /** `teacherCalls` is null where they are not limited. */
  left: { attempts: number; hours: number; teacherCalls: number | null } & BudgetLeft
}

export type Plan = {
  program: Program
  /** As text: what was seen and what is done about it. */
  diagnosis: string
  /** The language model that took part; null when none did. */
  model: string | null
  promptHashes?: Readonly<Record<string, string>>
  spent?: Spent
}

/** What a planner variant is: it writes the next curation program. Same situation, same plan, unless a model took part. */
export type Policy = {
  /** @throws ProgramFault when the model wrote no program that holds; the attempt then counts as raised, and Debug follows */
  decide(situation: Situation, signal: AbortSignal): Promise<Plan>
  /** Which scored attempt the next one starts from, of one at least; left out: the best by validation. */
  startsFrom?(scored: readonly Attempt[], run: { seed: number; attempt: number }): Attempt
  /** It improves on nothing: after a score it drafts again. */
  draftsOnly?: boolean
  /** The run makes one dataset and ends with it: no student is measured or trained. */
  trainsNothing?: boolean
  oneShot?: boolean
  /** More attempts than these are never made, whatever the run allows. */
  maxAttempts?: number
}

/** The model wrote no program that holds, however often it was sent its faults. */
export class ProgramFault extends Error {
  readonly plan: Omit<Plan, 'program'> & { wrote: string }

  constructor(message: string, plan: ProgramFault['plan']) {
    super(message)
    this.name = 'ProgramFault'
    this.plan = plan
  }
}

/** The diagnosis of a decision for which nothing was left (PlannerBudgetExhausted). */
export const unpaidDiagnosis = 'The decision could not be paid.'

/** Nothing is left to ask the planner's model with; the search ends. */
export class PlannerBudgetExhausted extends ProgramFault {}
