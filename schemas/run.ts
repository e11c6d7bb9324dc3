import { z } from 'zod'
import { BaselineArm, ReferenceArm } from './arm.ts'
import { Guidance } from './guidance.ts'
import { ObjectRef, RunId, Sha256, Timestamp, Token } from './ids.ts'
import { Plugin } from './plugin.ts'
import { Program } from './program.ts'
import { AgentRole } from './role.ts'
import { Budget } from './run-settings.ts'
import { SearchSettings } from './search.ts'
import { ScoreMode } from './task.ts'
import { PayingRole, Prices } from './usage.ts'

/** Which variant of each role works for a run; in a message, the queue of each role that the next messages are put into. */
export const Variants = z.record(AgentRole, Token)
export type Variants = z.infer<typeof Variants>

/** The rows of a reference, for the arm that is trained on them; `refused` of them copied an item and are left out. */
const ReferenceRows = z.object({ arm: ReferenceArm, rows: ObjectRef, refused: z.number().int().nonnegative() })

/** What is trained and measured beside the chosen dataset, so that its gain can be trusted. */
export const Evidence = z.object({
  /** Fresh training seeds, none of them the search's, of the chosen dataset and of each baseline. */
  seeds: z.number().int().min(1).max(100).default(1),
  arms: z.array(BaselineArm).default(['control']),
  /** Every valid attempt's adapter from the search is also evaluated on the test, after the search; it is never chosen by that. */
  submissions: z.boolean().default(false),
  /** Whether base, final and control answer items outside all skills of the task, to see what was forgotten. */
  retention: z.boolean().default(false),
  /** Whether validation answers a search only with what is above chance; see Guidance. */
  ladder: Guidance.shape.ladder,
  /** From this attempt on the other half of validation guides the search; null: all of it does, throughout. */
  swapValidationAt: z.number().int().min(2).nullable().default(null),
  references: z.array(ReferenceRows).default([]),
})
export type Evidence = z.infer<typeof Evidence>

/** The paper's two settings: rows are made from nothing, or may build on the task's seed pool. */
export const Setting = z.enum(['scratch', 'seed'])
export type Setting = z.infer<typeof Setting>

/** What bounds a run; of a run that makes data alone, hours and rounds are counted from when it was last let go on. */
export const RunLimits = z.object({
  /** Debug and Repair in a row before a new Draft. */
  maxFixesInARow: z.number().int().positive(),
  /** Candidates that one attempt may ask for, as a multiple of its rows. */
  candidateCap: z.number().min(1),
  /** Rounds of one attempt. */
  maxRounds: z.number().int().positive(),
  /** Candidates that one round may ask for; not limited where it is left out. */
  roundCandidates: z.number().int().positive().optional(),
  /** Candidates in one shard. */
  shardSize: z.number().int().positive(),
  /** Shards of a run that may be with the generators at the same time, so that runs which share them take turns; null: a whole round. */
  maxShardsInFlight: z.number().int().positive().nullable().default(null),
  /** Trainings of a run's arms that may be asked for at the same time; null: all of them. */
  maxJobsInFlight: z.number().int().positive().nullable().default(null),
  /**
   * Calls of a teacher, over all sources and attempts, that may go by without one reply of which a row can be made; of a source beside
   * others that work, the same. Null: not limited, as in runs from before it was.
   */
  trialCalls: z.number().int().positive().nullable().default(null),
  /**
   * Calls that do not wait for the trial of their source, where it is one of `usableSources`; none in runs from before they were counted.
   */
  aheadCalls: z.number().int().nonnegative().default(0),
  maxHours: z.number().positive(),
  ...Budget.shape,
})
export type RunLimits = z.infer<typeof RunLimits>

/** Everything that fixes a run. Two runs with equal settings, task and versions give equal datasets. */
export const RunConfig = z.object({
  runId: RunId,
  seed: z.number().int().nonnegative(),
  /** Data attempts in the search, the first draft included. */
  attempts: z.number().int().positive(),
  /** Rows that every attempt's dataset holds. */
  rows: z.number().int().positive(),
  /** Fewer admitted rows than this make the attempt invalid. */
  minimumRows: z.number().int().positive(),
  variants: Variants,
  /** The plug-ins among them; left out where there are none. */
  plugins: z.partialRecord(AgentRole, Plugin).optional(),
  /** The language model of each role that asks one, as the topology names it. */
  models: z.partialRecord(PayingRole, z.string()).default({}),
  /** The address at which each of them is asked; `local`: served by `--teacher local`. Runs begun before it was kept have none. */
  addresses: z.partialRecord(PayingRole, z.string()).optional(),
  /** The student that is trained, as the topology names it. Left out in runs begun before it was kept. */
  student: z.string().optional(),
  /** The queue of each role that works with a model of the run's choice; the others' queues are their variants. Older runs have none. */
  queues: z.partialRecord(AgentRole, Token).optional(),
  /** What generator and critic were set to, without their endpoints, so that a replay works as they did; older runs have none. */
  options: z.partialRecord(PayingRole, z.record(z.string(), z.json())).optional(),
  /** What the models cost; the price of one that is not named is not known. */
  prices: Prices.default({}),
  limits: RunLimits,
  /** How it searches; left out: one attempt after the other from the best one, each kept where its score is higher. */
  search: SearchSettings.optional(),
  taskHash: Sha256,
  /** The score that steers the search and heads page and report; the other is reported beside it. Left out: strict, as runs were before. */
  primary: ScoreMode.default('strict'),
  /** In `scratch` the public task holds no seeds. */
  setting: Setting.default('scratch'),
  /** The task as agents may see it. */
  publicTask: ObjectRef,
  /** The whole task, in VAULT. */
  sealedTask: ObjectRef,
  /** Whether the server enforces the sealing of the test (three accounts), and what it does not cover. */
  sealing: z.object({ enforced: z.boolean(), note: z.string() }),
  /** Runs begun before it was recorded had the control alone, with one seed. */
  evidence: Evidence.prefault({}),
  /** Only of a run that makes data and trains nothing: the program it follows, and the index that rows are checked with. */
  generate: z.object({ program: Program, contamination: ObjectRef }).optional(),
  /** Sources of that program that the run's model has given usable replies to a short while before. */
  usableSources: z.array(z.string()).optional(),
  /** Only of a run that is part of a comparison of planners: which, as which arm, and which runs it is paired with. */
  comparison: z.object({ name: RunId, arm: Token, pair: z.number().int().positive() }).optional(),
  /** Sources with hooks are asked for as much as others, but those with `expand`. Left out in older runs: one shard of each first. */
  hooksAtOnce: z.literal(true).optional(),
  /** Of a run that is meant to be short and proves less: its report says so. */
  quick: z.literal(true).optional(),
  startedAt: Timestamp,
})
export type RunConfig = z.infer<typeof RunConfig>

export const RunStatus = z.enum(['running', 'paused', 'stopped', 'faulted', 'finished', 'failed'])
export type RunStatus = z.infer<typeof RunStatus>

/** Why the search, or the making of a dataset, ended. */
export const StopReason = z.enum([
  'attempts-used',
  'hours-used',
  'first-valid',
  'no-valid-attempt',
  'stopped-by-user',
  'budget-used',
  'rows-complete',
  'candidates-used',
  'rounds-used',
  'teacher-unavailable',
  'program-raised',
  'plateau',
  'trainings-used',
])
export type StopReason = z.infer<typeof StopReason>

/** `promote`: a contender is made with all rows, its own among them; nothing is planned for it. */
export const Operation = z.enum(['draft', 'debug', 'repair', 'improve', 'promote'])
export type Operation = z.infer<typeof Operation>
