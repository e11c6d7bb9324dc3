import { z } from 'zod'
import { ObjectRef, Sha256 } from '../ids.ts'
import { defineEvent, defineWork } from '../message.ts'
import { Program } from '../program.ts'
import { agentRoles, Role } from '../role.ts'
import { Operation, RunConfig, RunLimits, RunStatus, StopReason } from '../run.ts'
import { Spent } from '../usage.ts'

/** operator -> planner: begin. */
export const RunStarted = defineWork({
  name: 'run-started',
  version: 2,
  from: 'operator',
  to: 'planner',
  schema: z.object({ config: RunConfig }),
})

/**
 * operator -> planner. pause and stop hold back new work, resume goes on, finish ends the search with the best attempt so far,
 * veto refuses the dataset that waits for training. A run that makes data alone is let go on by resume after it ended short, too.
 */
export const OperatorCommand = defineWork({
  name: 'operator-command',
  from: 'operator',
  to: 'planner',
  schema: z.object({
    action: z.enum(['pause', 'resume', 'stop', 'finish', 'veto']),
    reason: z.string().optional(),
    /** With resume, of a run that makes data alone: its limits from now on; left out: those it has. */
    limits: RunLimits.optional(),
  }),
})

/** planner: what it decided and why, with the whole program; published again with the error when the program raised in a round. */
export const Decision = defineEvent({
  name: 'decision',
  from: ['planner'],
  schema: z.object({
    /** 0 for the uniform control. */
    attempt: z.number().int().nonnegative(),
    operation: Operation,
    diagnosis: z.string(),
    /** Null when the model wrote none that holds. `error` says why, or why the program raised. */
    program: Program.nullable(),
    /** Hash of the program, or of the text that was to be one. */
    programHash: Sha256,
    error: z.string().optional(),
    /** Whether a language model took part, and which. */
    model: z.string().nullable(),
    /** SHA-256 of each prompt file that the model was given, by its name. */
    promptHashes: z.record(z.string(), Sha256).optional(),
    /** What the model was asked for this decision. */
    spent: Spent.optional(),
    /** In a run that says how it searches: the attempt's place in it. */
    place: z
      .object({
        generation: z.number().int().positive(),
        /** Attempts of the generation. */
        of: z.number().int().positive(),
        /** The attempt that it was planned from. */
        from: z.number().int().positive().nullable(),
        /** Share of the run's rows. */
        share: z.number().positive(),
        /** The contender that it is, with all rows. */
        promotes: z.number().int().positive().optional(),
      })
      .optional(),
  }),
})

/** planner: a better attempt was held against the best one, over all training seeds that both have. */
export const Race = defineEvent({
  name: 'race',
  from: ['planner'],
  schema: z.object({
    attempt: z.number().int().positive(),
    against: z.number().int().positive(),
    /** Right answers on validation by training seed, the search's first. */
    own: z.array(z.number().int().nonnegative()),
    other: z.array(z.number().int().nonnegative()),
    total: z.number().int().positive(),
    /** How much more it has right, as a share, and by how much it had to lead. */
    lead: z.number(),
    needed: z.number(),
    /** Whether it took the place of the best. */
    kept: z.boolean(),
  }),
})

/** Progress of long work, a few a minute. */
export const Progress = defineEvent({
  name: 'progress',
  version: 2,
  from: [...agentRoles],
  schema: z.object({
    role: Role,
    instance: z.string(),
    phase: z.enum(['train', 'infer', 'generate', 'score', 'setup', 'plan']),
    studentModel: z.string().optional(),
    done: z.number(),
    total: z.number(),
    loss: z.number().optional(),
    tokensPerSecond: z.number().optional(),
    etaSeconds: z.number().optional(),
    /** As text: what it waits for. */
    detail: z.string().optional(),
  }),
})

/** planner: the run's status changed. */
export const StatusChanged = defineEvent({
  name: 'status-changed',
  version: 2,
  from: ['planner'],
  schema: z.object({ status: RunStatus, reason: z.string(), fix: z.string().optional() }),
})

/** planner: the run is over. */
export const RunFinished = defineEvent({
  name: 'run-finished',
  from: ['planner'],
  schema: z.object({
    stopReason: StopReason,
    /** As text, where the reason alone does not say it. */
    stopDetail: z.string().optional(),
    /** The attempt whose dataset was chosen on validation; null when none was valid. */
    chosenAttempt: z.number().int().positive().nullable(),
    dataset: ObjectRef.nullable(),
    datasetHash: Sha256.nullable(),
    controlDatasetHash: Sha256.nullable(),
    attempts: z.number().int(),
    validAttempts: z.number().int(),
    /** `replays`: training seeds of every arm, by seed index from 1; `replay` is the first of them. */
    seeds: z.object({
      search: z.array(z.number().int()),
      replay: z.number().int(),
      replays: z.array(z.number().int()).default([]),
    }),
  }),
})
