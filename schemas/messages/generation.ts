import { z } from 'zod'
import { ObjectRef, Sha256 } from '../ids.ts'
import { defineWork } from '../message.ts'
import { FailureKind, RejectionReason, Row, Yield } from '../row.ts'
import { Variants } from '../run.ts'
import { Spent } from '../usage.ts'

/**
 * One round of one attempt (attempt 0 is the uniform control). It closes when each of its shards has a batch. It is stored once as an
 * object; messages carry its RoundRef.
 */
export const Round = z.object({
  attempt: z.number().int().nonnegative(),
  round: z.number().int().positive(),
  shards: z.number().int().positive(),
  /** Rows that the attempt's dataset holds in the end, carried-over rows included. */
  target: z.number().int().positive(),
  /** Rows still wanted of each source when the round was planned; the critic admits no more. */
  quotas: z.record(z.string(), z.number().int().nonnegative()),
  program: ObjectRef,
  programHash: Sha256,
  /** Rows of the dataset admitted so far (earlier rounds and carried-over rows), as JSON lines. */
  admitted: ObjectRef.nullable(),
  /** The evaluator's keyed-hash index of validation and test. */
  contamination: ObjectRef,
  /** The student's TokenLimit; left out where there is no student, or its tokens cannot be counted outside the runtime. */
  tokenLimit: ObjectRef.optional(),
  publicTask: ObjectRef,
  /** The queue of each role, for the next messages. */
  variants: Variants,
})
export type Round = z.infer<typeof Round>

type RoundPlace = Pick<Round, 'attempt' | 'round'>

/** Which round a message belongs to, and the object that holds it. */
export const RoundRef = Round.pick({ attempt: true, round: true }).extend({ object: ObjectRef })
export type RoundRef = z.infer<typeof RoundRef>

/** What is kept of a round is kept under this key. */
export const roundKey = (runId: string, { attempt, round }: RoundPlace): string => `${runId}.a${attempt}.r${round}`

/** The same of one of its shards. */
export const shardKey = (runId: string, round: RoundPlace, shard: number): string =>
  `${roundKey(runId, round)}.s${shard}`

/** planner -> generator: make the candidates [from, from + count) of one source. */
export const Shard = defineWork({
  name: 'shard',
  version: 2,
  from: 'planner',
  to: 'generator',
  schema: z.object({
    round: RoundRef,
    shard: z.number().int().nonnegative(),
    /** The id of one of the sources of the round's program. */
    source: z.string(),
    from: z.number().int().nonnegative(),
    count: z.number().int().positive(),
    /** All randomness of the shard's rows follows from this and the row's id. */
    seed: z.string(),
    /** HTTP requests that the shard may make of a teacher, whatever crashes; none where it is left out. */
    maxCalls: z.number().int().nonnegative().optional(),
    /** HTTP requests that the critic may make to check the shard's rows, whatever crashes; none where it is left out. */
    checkCalls: z.number().int().nonnegative().optional(),
    /** The shard is its source's trial: while no reply could be used, the teacher is asked so often and no more. Left out: it is none. */
    trial: z.number().int().positive().optional(),
    /** Nothing is asked for the shard, since no reply of its source's trials could be used; it closes its round. */
    dry: z.literal(true).optional(),
  }),
  delivery: { ackWaitMs: 30_000, maxDeliver: 8 },
})

/** What a trial showed: a reply of which a row could be made, or after so many calls none, and why, with the beginning of a reply. */
export const TrialOutcome = z.union([
  z.object({ usable: z.literal(true) }),
  z.object({ usable: z.literal(false), calls: z.number().int().nonnegative(), why: z.string() }),
])
export type TrialOutcome = z.infer<typeof TrialOutcome>

/** generator -> planner: how the trial of a source went; published with its first usable reply, while the rest of the shard is asked. */
export const Tried = defineWork({
  name: 'tried',
  from: 'generator',
  to: 'planner',
  schema: z.object({
    attempt: z.number().int().nonnegative(),
    round: z.number().int().positive(),
    shard: z.number().int().nonnegative(),
    source: z.string(),
    outcome: TrialOutcome,
  }),
})

/** generator -> critic: every index of the shard has an outcome, a candidate or a failure. */
export const Batch = defineWork({
  name: 'batch',
  version: 2,
  from: 'generator',
  to: 'critic',
  schema: z.object({
    round: RoundRef,
    shard: z.number().int().nonnegative(),
    source: z.string(),
    candidates: z.array(Row),
    failures: z.array(z.object({ index: z.number().int(), reason: z.string(), kind: FailureKind.optional() })),
    /** Of a shard that is a trial. */
    trial: TrialOutcome.optional(),
    /** Indexes of the shard, where its candidates and failures are more: an index that was expanded gave several. */
    asked: z.number().int().positive().optional(),
    /** What was spent on a teacher; zero where no model is used. */
    spent: Spent,
    /** The shard's. */
    checkCalls: z.number().int().nonnegative().optional(),
  }),
  delivery: { ackWaitMs: 30_000, maxDeliver: 8 },
})

/** critic -> planner: a round is closed; from the yield the planner knows how much to top up. */
export const Verdict = defineWork({
  name: 'verdict',
  from: 'critic',
  to: 'planner',
  schema: z.object({
    attempt: z.number().int().nonnegative(),
    round: z.number().int().positive(),
    /** Yield of this round by source. */
    bySource: z.record(z.string(), Yield),
    /** In the words of the lowest index: why indexes of a source failed, by source and kind. */
    failures: z.record(z.string(), z.partialRecord(FailureKind, z.string())).optional(),
    /** In the words of the first row: why rows of a source were refused, by source and reason, where a reason has words. */
    refusals: z.record(z.string(), z.partialRecord(RejectionReason, z.string())).optional(),
    /** Rows in the dataset after this round. */
    rows: z.number().int().nonnegative(),
    dataset: ObjectRef,
    /** Hash over the rows in admission order; the same for any number of workers. */
    datasetHash: Sha256,
    /** Rows admitted in this round that share the template of an evaluation item: other numbers, hence another problem. */
    templateOverlap: z.number().int().nonnegative().default(0),
    /** What generators and critics spent on this round. */
    spent: Spent,
    /** Rows that passed every check but were more than the program wanted of their source, as JSON lines; left out where there are none. */
    surplus: ObjectRef.optional(),
  }),
})
