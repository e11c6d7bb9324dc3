import type { Program } from '../../schemas/program.ts'
import type { Operation } from '../../schemas/run.ts'
import type { ScoreSheet } from '../../schemas/score.ts'
import type { PublicTask } from '../../schemas/task.ts'
import type { Attempt } from './state.ts'

/** All that a policy may look at when it writes the next program. Nothing of the sealed split is in it. */
export type Situation = {
  operation: Operation
  attempt: number
  rows: number
  seed: number
  task: PublicTask
  base: ScoreSheet
  /** Earlier attempts in order, the control not among them. */
  history: readonly Attempt[]
  /** The best valid attempt by validation; null before there is one. */
  best: Attempt | null
}

export type Plan = {
  program: Program
  /** In words: what was seen and what is done about it. */
  diagnosis: string
  /** The language model that took part; null when none did. */
  model: string | null
}

/** What a planner variant is: it writes the next curation program. Same situation, same plan, unless a model took part. */
export type Policy = { decide(situation: Situation, signal: AbortSignal): Promise<Plan> }
