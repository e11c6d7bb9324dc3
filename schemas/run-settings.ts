import { z } from 'zod'
import { BaselineArm } from './arm.ts'
import { Guidance } from './guidance.ts'
import { count } from './limit.ts'
import { SearchSettings } from './search.ts'

const calls = z.number().int().nonnegative().nullable().default(null)

/**
 * What a run may spend on models; null: not limited. Calls are HTTP requests, failed ones too, and no crash makes more of them.
 * Tokens and money are counted from the replies: nothing is begun whose longest prompts and replies would not fit in what is left.
 */
export const Budget = z.object({
  teacherCalls: calls.describe('calls of the teacher: those of generators and critics, over the whole run'),
  attemptCalls: calls.describe('calls of the teacher for one attempt'),
  plannerCalls: calls.describe("calls of the planner's own model over the whole run"),
  analystCalls: calls.describe("calls of the evaluator's model, where it has an analyst, over the whole run"),
  modelCalls: z
    .record(z.string(), z.number().int().nonnegative())
    .default({})
    .describe("calls over the whole run by the model's name, whoever makes them"),
  tokens: calls.describe('input and output tokens of all roles together, over the whole run'),
  money: z
    .number()
    .nonnegative()
    .nullable()
    .default(null)
    .describe('US dollars over the whole run; wants a price for every model that is called'),
  attemptHours: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('hours after which no further round of one attempt is asked for'),
})
export type Budget = z.infer<typeof Budget>

/** What is trained and measured beside the chosen dataset; see Evidence. */
const EvidenceSettings = z.strictObject({
  seeds: count(1, 'fresh training seeds of the chosen dataset and of each baseline', 100),
  arms: z
    .union([z.literal('all'), z.array(BaselineArm)])
    .default('all')
    .describe('baselines; all: every one that the task allows'),
  submissions: z
    .boolean()
    .default(true)
    .describe('whether every attempt is also evaluated on the sealed test, after the search'),
  retention: z
    .boolean()
    .default(true)
    .describe('whether base, final and control are also evaluated on the retention set'),
  ladder: z
    .enum(['auto', ...Guidance.shape.ladder.unwrap().options])
    .default('auto')
    .describe(
      'whether validation answers a search only with what is above chance; auto: from `ladderFrom` items on, below which it would hide real gains',
    ),
  ladderFrom: z
    .number()
    .int()
    .nonnegative()
    .default(500)
    .describe('validation items from which on `ladder: auto` is on'),
})

/** What a topology says of the runs on it. */
export const RunSettings = z.strictObject({
  attempts: count(3, 'datasets that the search tries', 30),
  maxFixesInARow: count(3, 'Debug and Repair in a row before a new Draft'),
  candidateCap: z
    .number()
    .min(1)
    .default(3)
    .describe('candidates that one attempt may ask for, as a multiple of its rows'),
  maxRounds: count(8, 'rounds of one attempt'),
  roundCandidates: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('candidates that one round may ask for; left out: as many as are wanting'),
  shardSize: count(25, 'candidates in one shard'),
  maxShardsInFlight: z
    .number()
    .int()
    .min(1)
    .nullable()
    .default(64)
    .describe(
      'shards of a run that may be with the generators at the same time, so that runs which share them take turns; null: a whole round',
    ),
  maxJobsInFlight: z
    .number()
    .int()
    .min(1)
    .nullable()
    .default(4)
    .describe(
      "trainings of a run's arms that may be with the trainer-bridges at the same time, so that runs which share them take turns; null: all of them",
    ),
  trialCalls: z
    .number()
    .int()
    .min(1)
    .nullable()
    .default(24)
    .describe(
      'calls of a teacher that may go by without one reply of which a row can be made, over all sources together, and of one source beside others that work; null: not limited',
    ),
  aheadCalls: z
    .number()
    .int()
    .min(0)
    .default(480)
    .describe(
      'calls of a program that do not wait for the trial of their sources, where the same model at the same address gave usable replies to them in the last teacher.capabilitiesMs; 0: all wait',
    ),
  maxHours: z.number().positive().default(12).describe('hours after which the search begins no further attempt'),
  rows: z.number().int().min(1).optional().describe('rows of every dataset; left out: as many as the task says'),
  ...SearchSettings.shape,
  evidence: EvidenceSettings.prefault({}),
  ...Budget.shape,
  plannerCalls: z
    .number()
    .int()
    .nonnegative()
    .nullable()
    .default(1000)
    .describe("calls of the planner's own model over the whole run"),
})
