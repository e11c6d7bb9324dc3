import { z } from 'zod'
import { FailureCause, Halves } from '../../schemas/guidance.ts'
import { ObjectRef, Sha256, Timestamp } from '../../schemas/ids.ts'
import { ArmRecord } from '../../schemas/messages/evaluation.ts'
import { Program } from '../../schemas/program.ts'
import { Yield } from '../../schemas/row.ts'
import { Operation, RunConfig, RunStatus, StopReason } from '../../schemas/run.ts'
import { BadCase, ScoreSheet } from '../../schemas/score.ts'
import { StudentModel } from '../../schemas/training.ts'
import { Spent } from '../../schemas/usage.ts'

/** A message that was decided and is to be published; its id makes publishing it twice harmless. */
export const Outgoing = z.object({
  name: z.string(),
  variant: z.string().nullable(),
  id: z.string(),
  payload: z.json(),
})
export type Outgoing = z.infer<typeof Outgoing>

/** The trial of a source that has no row yet. */
export const Trial = z.object({
  /** Calls of which no reply could be used. */
  calls: z.number().int().nonnegative(),
  /** What was wrong with them; left out while nothing is. */
  why: z.string().optional(),
  state: z.enum(['waiting', 'open', 'usable', 'failed', 'dry']),
  /** Shards of the open round that are held back until the trial has shown a usable reply. */
  held: z.array(Outgoing),
})
export type Trial = z.infer<typeof Trial>

/** One dataset in the making or made. Attempt 0 is the uniform control. */
export const Attempt = z.object({
  attempt: z.number().int().nonnegative(),
  operation: Operation,
  diagnosis: z.string(),
  /** Null when the model wrote none that holds. */
  program: Program.nullable(),
  programHash: Sha256,
  /** What the model wrote in place of a program, for the Debug that follows. */
  wrote: z.string().optional(),
  programObject: ObjectRef.nullable(),
  round: z.number().int(),
  /** Candidates asked for so far, by source; the next one of a source has this index. */
  asked: z.record(z.string(), z.number().int()),
  /** Yield of the closed rounds together, by source. */
  bySource: z.record(z.string(), Yield),
  carried: z.number().int(),
  rows: z.number().int(),
  /** What the closed rounds spent on the teacher; left out before the first. */
  spent: Spent.optional(),
  /** What the planner's own model was asked for the program; left out where none was. */
  planning: Spent.optional(),
  /** What the evaluator's analyst was asked of its student model; left out where none was. */
  analysis: Spent.optional(),
  /** What its failed items have in common, as far as it holds; left out where no analyst was asked. */
  causes: z.array(FailureCause).optional(),
  /** When its first round was asked for. */
  startedAt: Timestamp.optional(),
  dataset: ObjectRef.nullable(),
  datasetHash: Sha256.nullable(),
  /** Good rows beyond what the program wanted of a source, by round. */
  surplus: z.array(ObjectRef).default([]),
  /** `made`: complete, in a run that trains nothing. */
  outcome: z.enum(['generating', 'training', 'scored', 'made', 'invalid', 'raised']),
  studentModel: StudentModel.nullable(),
  validation: ScoreSheet.nullable(),
  badCases: z.array(BadCase),
  /** In a run that swaps validation: both halves' scores; `validation` and `badCases` are those of the half that guides. */
  halves: Halves.optional(),
  /** Whose scores `validation` holds, where the ladder kept its own back. */
  shownAs: z.string().optional(),
  /** In the words of the last round that had some: why indexes gave no candidate and candidates no row, by source and kind or reason. */
  examples: z.record(z.string(), z.record(z.string(), z.string())).optional(),
  error: z.string().nullable(),
  /** Its generation, from 1, and of how many attempts that is. Left out in attempts from before there were any: one each. */
  generation: z.number().int().positive().optional(),
  parts: z.number().int().positive().optional(),
  /** The attempt that it was planned from; left out: none. */
  from: z.number().int().positive().optional(),
  /** Share of the run's rows; left out: all. */
  share: z.number().positive().optional(),
  /** The contender that it is, with all rows. */
  promotes: z.number().int().positive().optional(),
  /** Debug and Repair in a row, itself among them. */
  fixes: z.number().int().nonnegative().optional(),
  /** Right answers on validation of the trainings with further seeds, by seed index from 2; null while one is under way. */
  again: z.array(z.number().int().nonnegative().nullable()).optional(),
  /** Whether it was kept as the best once its generation was decided on. */
  kept: z.boolean().optional(),
  /** By source: those that a teacher is tried on, and those that it gave no usable reply for. */
  trials: z.record(z.string(), Trial).optional(),
})
export type Attempt = z.infer<typeof Attempt>

/** Everything the planner knows of a run; kept in KV and written with its revision. */
export const PlannerState = z.object({
  config: RunConfig,
  status: RunStatus,
  statusReason: z.string(),
  phase: z.enum(['base', 'searching', 'replaying', 'final-eval', 'done']),
  base: z
    .object({
      studentModel: StudentModel,
      validation: ScoreSheet,
      halves: Halves.optional(),
      /** Why it is not asked with the worked examples; left out where it is. */
      examplesLeftOut: z.string().optional(),
    })
    .nullable(),
  contamination: ObjectRef.nullable(),
  tokenLimit: ObjectRef.optional(),
  attempts: z.array(Attempt),
  control: Attempt.nullable(),
  /** Best valid attempt so far by the validation score. */
  bestAttempt: z.number().int().nullable(),
  /** Of a state from before attempts kept it themselves. */
  fixesInARow: z.number().int(),
  /** The datasets of the chosen attempt and of its baselines, once the search is over. */
  arms: z.array(ArmRecord).default([]),
  /** Their adapters that are trained. */
  trained: z.array(StudentModel).default([]),
  stopReason: StopReason.nullable(),
  /** As text, why the search ended, where the reason alone does not say it. */
  stopDetail: z.string().optional(),
  /** Ids of the messages that this state already contains. */
  seen: z.array(z.string()),
  /** Messages decided with the last step; published again when the step is repeated. */
  outbox: z.array(Outgoing),
  /** Messages kept back while the run is paused or stopped. */
  held: z.array(Outgoing),
})
export type PlannerState = z.infer<typeof PlannerState>
