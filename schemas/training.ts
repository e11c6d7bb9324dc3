import { z } from 'zod'
import { Arm, armSeedOf, StudentModelName } from './arm.ts'
import { EmbeddedDiversity } from './embedding.ts'
import { ObjectRef, Sha256 } from './ids.ts'
import { RuntimeIdentity, Runtimes } from './runtime-identity.ts'
import { PerplexityResult } from './runtime-protocol.ts'
import { ThinkingSettings } from './task.ts'

/** What a training did; loss is the mean over completion tokens, seconds are wall time of the training alone. */
export const TrainingSummary = z.object({
  rows: z.number().int(),
  /** Rows of the dataset that were longer than the recipe's cut-off and were left out. */
  leftOut: z.number().int().nonnegative().default(0),
  steps: z.number().int(),
  tokens: z.number().int(),
  seconds: z.number(),
  tokensPerSecond: z.number(),
  /** [step, loss] pairs. */
  lossCurve: z.array(z.tuple([z.number(), z.number()])),
  /** How often the rows of a pass were halved, since memory ran out; left out where it did not. */
  halvings: z.int().positive().optional(),
  device: z.string(),
  /** How likely the base student found the replies, over a sample of the rows; left out where it was not measured. */
  perplexity: PerplexityResult.optional(),
  /** How varied the dataset's rows are by their embeddings; left out where no embedder was configured. */
  embedding: EmbeddedDiversity.optional(),
  /** Which runtime trained; left out in trainings from before there were several. */
  runtime: RuntimeIdentity.optional(),
  /** Versions of what trained: torch, transformers, peft. */
  versions: z.record(z.string(), z.string()),
})
export type TrainingSummary = z.infer<typeof TrainingSummary>

/** A trained adapter in PEFT's layout; `sha256` is over its files in name order. */
export const Adapter = z.object({
  sha256: Sha256,
  files: z.array(z.object({ name: z.string(), object: ObjectRef })).min(1),
})
export type Adapter = z.infer<typeof Adapter>

/** A student that can be scored: the base, or the base with one trained adapter; with or without worked examples in its prompt. */
export const StudentModel = z
  .object({
    name: StudentModelName,
    /** Follows from the name where it is left out. */
    arm: Arm.optional(),
    /** Which of the arm's training seeds, counted from 1; follows from the name where it is left out. */
    seedIndex: z.number().int().positive().optional(),
    student: z.string(),
    /**
     * How its chat template is filled in and how long it may think, and the revision of the runtime that trains and asks it; older runs
     * have none.
     */
    chat: ThinkingSettings.optional(),
    runtime: z.int().positive().optional(),
    /** Which runtimes train and answer; left out where the project's own does both. */
    runtimes: Runtimes.optional(),
    /** SHA-256 of the student's weights, tokenizer and configuration; in runs since it is said. */
    studentHash: Sha256.optional(),
    /** Identity of the training: hash of (dataset hash, student, recipe, seed, chat, runtime, what trained); null for the base. */
    jobHash: Sha256.nullable(),
    adapter: Adapter.nullable(),
    examples: z.boolean(),
  })
  .transform(({ name, ...studentModel }) => {
    const { arm, seedIndex } = armSeedOf(name)
    return { ...studentModel, name, arm: studentModel.arm ?? arm, seedIndex: studentModel.seedIndex ?? seedIndex }
  })
export type StudentModel = z.infer<typeof StudentModel>
