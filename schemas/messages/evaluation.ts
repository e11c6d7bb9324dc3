import { z } from 'zod'
import { Arm, TrainedArm } from '../arm.ts'
import { FailureCause, Guidance, Halves } from '../guidance.ts'
import { ObjectRef, Sha256 } from '../ids.ts'
import { defineWork } from '../message.ts'
import { Variants } from '../run.ts'
import { Runtimes } from '../runtime-identity.ts'
import { BadCase, ItemOutcome, ScoreSheet } from '../score.ts'
import { EvalSetName, EvalSets, PackedResult } from '../sealed-results.ts'
import { ScoreMode } from '../task.ts'
import { StudentModel, TrainingSummary } from '../training.ts'
import { SealedTrivial, TrivialScore } from '../trivial.ts'
import { Spent } from '../usage.ts'

/** What every step of an evaluation carries on: the task, and the run's variants. */
export const SealedContext = z.object({
  publicTask: ObjectRef,
  /** The task with its sealed split, in VAULT; only the evaluator can read it. */
  sealedTask: ObjectRef,
  variants: Variants,
})
/** The same of a final evaluation that has begun: it has its sealed questions by itself. */
export const EvalContext = SealedContext.omit({ sealedTask: true })

/** planner -> trainer-bridge: train (unless it is the base) and answer the validation questions. */
export const Job = defineWork({
  name: 'job',
  version: 2,
  from: 'planner',
  to: 'trainer-bridge',
  schema: z.object({
    /** The model's name; see StudentModel. */
    studentModel: z.string(),
    /** Null for the base student. */
    training: z.object({ dataset: ObjectRef, datasetHash: Sha256, seed: z.number().int().nonnegative() }).nullable(),
    /** Whether the prompt carries the task's worked examples. */
    examples: z.boolean(),
    /** Which student the run was begun with, as its base said it; left out for the base, and in runs from before it was recorded. */
    student: z.string().optional(),
    /** Which runtimes train and answer in the run, as its base said it; left out where the project's own does both. */
    runtimes: Runtimes.optional(),
    /** Left out: all of validation. */
    guidance: Guidance.optional(),
    ...SealedContext.shape,
  }),
  delivery: { ackWaitMs: 30_000, maxDeliver: 5 },
})

/** trainer-bridge -> evaluator: a student model's replies to the validation questions. */
export const Predictions = defineWork({
  name: 'predictions',
  version: 2,
  from: 'trainer-bridge',
  to: 'evaluator',
  schema: z.object({
    studentModel: StudentModel,
    predictions: ObjectRef,
    /** Null for the base student. */
    training: TrainingSummary.nullable(),
    /** True where the training was found done already, from this run or an earlier one. */
    reusedTraining: z.boolean(),
    /** Left out: all of validation. */
    guidance: Guidance.optional(),
    /** The student's TokenLimit, with the base student's predictions; left out where its tokens cannot be counted outside the runtime. */
    tokenLimit: ObjectRef.optional(),
    /** Why it is left out, with the base student's predictions. */
    tokensUncounted: z.string().optional(),
    /** Why the base is not asked with the worked examples, with its predictions; left out where it is. */
    examplesLeftOut: z.string().optional(),
    ...SealedContext.shape,
  }),
})

/** evaluator -> planner: the score of one student model on validation, and a sample of what it got wrong. */
export const Report = defineWork({
  name: 'report',
  version: 2,
  from: 'evaluator',
  to: 'planner',
  schema: z.object({
    studentModel: StudentModel,
    training: TrainingSummary.nullable(),
    reusedTraining: z.boolean(),
    validation: ScoreSheet,
    items: z.array(ItemOutcome),
    /** What answering without knowing anything scores: the best ways for each part and mode. */
    trivial: z.array(TrivialScore),
    badCases: z.array(BadCase),
    /** Of an evaluator with an analyst: what failed items have in common, as far as it holds. */
    causes: z.array(FailureCause).optional(),
    /** How many hypotheses the analyst named, why none, what it spent, and the ids that it saw, by part of validation (all, or a half). */
    analysis: z
      .object({
        hypotheses: z.number().int().nonnegative(),
        fault: z.string().optional(),
        shown: z.record(z.string(), z.array(z.string())),
        spent: Spent,
      })
      .optional(),
    /** The guides by the halves of validation, in a run that changes from one to the other; `validation` is all of it. */
    halves: Halves.optional(),
    /**
     * Whose scores these are: not this student model's where the ladder kept them back, since they were not above the best beyond chance.
     */
    shownAs: z.string().optional(),
    /** The keyed-hash index of validation and test that the critic checks rows against. */
    contamination: ObjectRef,
    /** As the predictions say. */
    tokenLimit: ObjectRef.optional(),
    /** As the predictions say. */
    examplesLeftOut: z.string().optional(),
  }),
})

/** One arm's dataset as it was frozen; exactly one of `datasetHash` and `leftOut` is null. */
export const ArmRecord = z.object({
  arm: TrainedArm,
  /** May differ from the run's number of rows, where there were fewer. */
  rows: z.number().int().nonnegative(),
  dataset: ObjectRef.nullable(),
  datasetHash: Sha256.nullable(),
  /** The arm with the very same dataset: then this one has no student models of its own, that one's results are its results. */
  sameAs: TrainedArm.nullable(),
  /** Why it could not be made. */
  leftOut: z.string().nullable(),
})
export type ArmRecord = z.infer<typeof ArmRecord>

/** The one comparison that the run is judged by, named before the final evaluation; all others are secondary. */
export const PrimaryComparison = z.object({
  arm: TrainedArm,
  against: Arm,
  /** The part of the test; see ItemPart. */
  part: z.string(),
  mode: ScoreMode,
  /** The seed whose adapters are compared where seeds are not averaged. */
  seedIndex: z.number().int().positive(),
})
export type PrimaryComparison = z.infer<typeof PrimaryComparison>

/** planner -> evaluator: the search is over; open the sealed test once, for this frozen list. */
export const FinalEvalRequest = defineWork({
  name: 'final-eval-request',
  from: 'planner',
  to: 'evaluator',
  schema: z.object({
    studentModels: z.array(StudentModel).min(1),
    /** What each arm was trained on, or why it was not. */
    arms: z.array(ArmRecord),
    /** Why the base with the worked examples is not on the list; left out where it is. */
    examplesLeftOut: z.string().optional(),
    primary: PrimaryComparison,
    /** Datasets that the audit's items must share no core with. */
    datasets: z.array(ObjectRef),
    ...SealedContext.shape,
  }),
})

/** evaluator -> trainer-bridge, on EXAM: answer the sealed questions as this student model. */
export const SealedEvalJob = defineWork({
  name: 'sealed-eval-job',
  account: 'EXAM',
  from: 'evaluator',
  to: 'trainer-bridge',
  schema: z.object({
    studentModel: StudentModel,
    questions: ObjectRef,
    evalSet: EvalSetName,
    /** Tokens of a reply, where the evaluation set asks for others than the task. */
    maxNewTokens: z.number().int().positive().optional(),
    ...EvalContext.shape,
  }),
  delivery: { ackWaitMs: 30_000, maxDeliver: 5 },
})

/** trainer-bridge -> evaluator, on EXAM: the replies of one job. */
export const Answers = defineWork({
  name: 'answers',
  version: 2,
  account: 'EXAM',
  from: 'trainer-bridge',
  to: 'evaluator',
  schema: z.object({
    studentModel: z.string(),
    evalSet: EvalSetName,
    predictions: ObjectRef,
    publicTask: ObjectRef,
  }),
})

/** evaluator -> planner: the final evaluation is done. */
export const FinalEvalResults = defineWork({
  name: 'final-eval-results',
  from: 'evaluator',
  to: 'planner',
  schema: z.object({
    /** Which final evaluation on this test on this bus it is, counted from 1. */
    finalEvalNumber: z.number().int().positive(),
    testHash: Sha256,
    auditSeed: z.string(),
    /** The items of each evaluation set. */
    evalSets: EvalSets,
    /** Which retention set was asked, and in which mode of its scorer something counts as forgotten; left out where none was. */
    retention: z.object({ sha256: Sha256, mode: ScoreMode }).optional(),
    results: z.array(PackedResult),
    /** Of every evaluation set, as `Report.trivial`. */
    trivial: z.array(SealedTrivial),
  }),
})

/** evaluator -> planner: a message of the sealed session, which the planner cannot see, became a dead letter. */
export const Fault = defineWork({
  name: 'fault',
  from: 'evaluator',
  to: 'planner',
  schema: z.object({ deadLetter: z.string(), message: z.string(), reason: z.string() }),
})
