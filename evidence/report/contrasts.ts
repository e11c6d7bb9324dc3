import { z } from 'zod'
import { Arm, TrainedArm } from '../../schemas/arm.ts'
import { Sha256 } from '../../schemas/ids.ts'
import { PrimaryComparison } from '../../schemas/messages/evaluation.ts'
import { NoAnswer } from '../../schemas/score.ts'
import { ScoreMode } from '../../schemas/task.ts'
import { TrivialScore } from '../../schemas/trivial.ts'
import { Interval } from './statistics/intervals.ts'
import { Rate } from './statistics/share.ts'

/** A rate under both rules of the scorer. */
export const Rates = z.object({ strict: Rate, lenient: Rate })
export type Rates = z.infer<typeof Rates>

export const byMode = <T extends z.ZodType>(schema: T) => z.object({ strict: schema, lenient: schema })
export const WholeCount = z.number().int().nonnegative()

/** An arm's share right, the mean over its adapters; `perSeed` in the order of the arm's seeds. */
export const ArmMean = z.object({
  items: WholeCount,
  groups: WholeCount,
  value: z.number(),
  perSeed: z.array(z.number()),
  interval: Interval.nullable(),
})
export type ArmMean = z.infer<typeof ArmMean>

/** One arm on the test. Arms with the very same dataset share their adapters: `sameAs` says whose they are. */
export const ArmResult = z.object({
  arm: Arm,
  seeds: z.array(z.number().int().positive()),
  sameAs: Arm.nullable(),
  /** Rows it was trained on; null for the base, and where the final evaluation does not say. */
  rows: WholeCount.nullable(),
  parts: z.record(z.string(), byMode(ArmMean)),
  /** By skill, over all parts. */
  skills: z.record(z.string(), byMode(ArmMean)).default({}),
  /** Gain of the mean over the base in per cent, (score - base) / base x 100; null where it is not defined. */
  gains: z.record(z.string(), byMode(z.number().nullable())),
})
export type ArmResult = z.infer<typeof ArmResult>

/** One arm minus another on the same items, each averaged over its seeds. */
export const ArmDifference = z.object({
  items: WholeCount,
  groups: WholeCount,
  seeds: z.tuple([WholeCount, WholeCount]),
  value: z.number(),
  interval: Interval.nullable(),
  /** Items that only the first arm's adapter got right, and only the second's, with the seed named before the evaluation; p of that. */
  gained: WholeCount,
  lost: WholeCount,
  mcNemar: z.number(),
  /** Null where both arms have one seed and no items come in groups. */
  signFlip: z.number().nullable(),
})
export type ArmDifference = z.infer<typeof ArmDifference>

/** One arm minus another, part by part. */
export const ArmComparison = z.object({
  of: Arm,
  to: Arm,
  parts: z.record(z.string(), byMode(ArmDifference)),
  /**
   * Replies of the second arm that say nothing of what it knows, since they are no answers, or the one answer of an adapter that has
   * collapsed; of how many; and the same differences with the first arm's own results in their place. Null where there are none.
   */
  favoured: z
    .object({ silent: WholeCount, of: WholeCount, parts: z.record(z.string(), byMode(ArmDifference)) })
    .nullable()
    .default(null),
})
export type ArmComparison = z.infer<typeof ArmComparison>

/**
 * One arm minus another on one skill, over all parts, each averaged over its seeds. The interval is made as that of the whole
 * difference; of one seed each, on items that stand alone, it is Newcombe's for paired shares.
 */
export const SkillDifference = z.object({
  skill: z.string(),
  items: WholeCount,
  groups: WholeCount,
  seeds: z.tuple([WholeCount, WholeCount]).default([1, 1]),
  value: z.number(),
  interval: Interval.nullable(),
})
export type SkillDifference = z.infer<typeof SkillDifference>

/** A secondary comparison of the final, on the primary's part and mode: its p, and that p among all of them. */
const Adjusted = z.object({
  to: Arm,
  test: z.enum(['mcnemar', 'sign-flip']),
  p: z.number(),
  adjusted: z.number(),
  /** As `adjusted`, of the differences in the other arm's favour. */
  favoured: z.number(),
})

/** What an arm's adapters replied, all together. */
export const ReplyFacts = z.object({
  arm: Arm,
  replies: WholeCount,
  /** Items of the set, as each adapter was asked them. */
  items: WholeCount,
  /** Replies that are no answers, by why; a right one is always an answer. */
  noAnswer: z.record(NoAnswer, WholeCount),
  /** Replies with the adapter's modal answer, of the adapter that has most of them. */
  modal: WholeCount,
  /** Its text, where validation has an item with that answer. */
  modalAnswer: z.string().nullable(),
  /** Adapters that have collapsed: they give one answer whatever is asked. */
  collapsed: WholeCount,
})
export type ReplyFacts = z.infer<typeof ReplyFacts>

/** The best that answering without knowing anything scores on a part, and the final minus it on the same items. */
export const TrivialBaseline = TrivialScore.pick({ kind: true, studentModel: true }).extend({
  /** The text of an answer that is the same for every item, where validation has an item with that answer. */
  answer: z.string().nullable(),
  value: z.number(),
  difference: ArmDifference.nullable(),
})
export type TrivialBaseline = z.infer<typeof TrivialBaseline>

/** What the test says of the arms and of the final against each other one. */
export const Contrasts = z.object({
  /** `named`: the request of the final evaluation names it; else it is what a request without one means. */
  primary: PrimaryComparison.extend({ named: z.boolean() }),
  arms: z.array(ArmResult),
  comparisons: z.array(ArmComparison),
  adjusted: z.array(Adjusted),
  skills: z.array(SkillDifference),
  /** By part. */
  trivial: z.record(z.string(), byMode(TrivialBaseline)),
  replies: z.array(ReplyFacts),
  leftOut: z.array(z.object({ arm: Arm, reason: z.string() })),
})
export type Contrasts = z.infer<typeof Contrasts>

const RememberingArm = z.enum(['base', 'control', 'final'])

/** What the student knew outside the task before training, and after it; null where the retention set was not evaluated. */
export const RetentionFacts = z.object({
  /** The set's file. */
  sha256: Sha256,
  /** The mode of the set's own scorer. */
  mode: ScoreMode,
  items: WholeCount,
  arms: z.array(ArmMean.extend({ arm: RememberingArm, truncated: WholeCount })),
  /** Each trained arm minus the base, with its verdict at the margin. */
  changes: z.array(
    z.object({
      arm: RememberingArm,
      value: z.number(),
      interval: Interval.nullable(),
      conclusion: z.enum(['kept', 'lost', 'inconclusive']),
    }),
  ),
  margin: z.number(),
  /**
   * The best that answering without knowing anything scores, and the base minus it: where the base is not above that by the margin, it has
   * nothing to forget.
   */
  trivial: TrivialBaseline.nullable(),
  /** The final minus the base by kind of question. */
  skills: z.array(SkillDifference),
})
export type RetentionFacts = z.infer<typeof RetentionFacts>

/** What a run measured beside its result, and what it did not. */
export const EvidenceFacts = z.object({
  /** Training seeds of each arm; null where the log does not begin. */
  seeds: WholeCount.nullable(),
  arms: z.array(
    z.object({
      arm: TrainedArm,
      rows: WholeCount,
      datasetHash: Sha256.nullable(),
      sameAs: TrainedArm.nullable(),
      leftOut: z.string().nullable(),
      /** Rows of a reference that copied an item and were not trained on; null of other arms. */
      refused: WholeCount.nullable(),
    }),
  ),
  /** Each with the way to measure it. */
  unmeasured: z.array(z.object({ what: z.string(), how: z.string() })),
  /** Of a run that is part of a comparison of planners. */
  comparison: z.object({ name: z.string(), arm: z.string(), pair: WholeCount }).nullable().default(null),
  ladder: z.enum(['off', 'on']),
  /** Student models whose scores the ladder kept back, and whose were shown in their place. */
  keptBack: z.array(z.object({ studentModel: z.string(), shownAs: z.string() })),
  /** Of a run that swaps validation: from which attempt on, and what each student model had right of either half, in the primary mode. */
  swap: z
    .object({ at: WholeCount, halves: z.array(z.object({ studentModel: z.string(), a: Rate, b: Rate })) })
    .nullable(),
})
export type EvidenceFacts = z.infer<typeof EvidenceFacts>
