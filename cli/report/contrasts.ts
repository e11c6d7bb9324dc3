import { z } from 'zod'
import { Arm } from '../../schemas/arm.ts'
import { PrimaryComparison } from '../../schemas/messages/evaluation.ts'
import { Interval } from './statistics/interval.ts'
import { Rate } from './statistics/rate.ts'

/** A rate under both rules of the scorer. */
export const Rates = z.object({ strict: Rate, lenient: Rate })
export type Rates = z.infer<typeof Rates>

export const byMode = <T extends z.ZodType>(schema: T) => z.object({ strict: schema, lenient: schema })
export const count = z.number().int().nonnegative()

/** An arm's share right, the mean over its adapters; `perSeed` in the order of the arm's seeds. */
export const ArmMean = z.object({
  items: count,
  groups: count,
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
  /** Rows it was trained on; null for the base, and where the opening does not say. */
  rows: count.nullable(),
  parts: z.record(z.string(), byMode(ArmMean)),
  /** By skill, over all parts. */
  skills: z.record(z.string(), byMode(ArmMean)).default({}),
  /** Gain of the mean over the base in per cent, (score - base) / base x 100; null where it is not defined. */
  gains: z.record(z.string(), byMode(z.number().nullable())),
})
export type ArmResult = z.infer<typeof ArmResult>

/** One arm minus another on the same items, each averaged over its seeds. */
export const ArmDifference = z.object({
  items: count,
  groups: count,
  seeds: z.tuple([count, count]),
  value: z.number(),
  interval: Interval.nullable(),
  /** Items that only the first arm's adapter got right, and only the second's, with the seed named before the opening; p of that. */
  gained: count,
  lost: count,
  mcNemar: z.number(),
  /** Null where both arms have one seed and no items come in groups. */
  signFlip: z.number().nullable(),
})
export type ArmDifference = z.infer<typeof ArmDifference>

/** One arm minus another, part by part. */
export const Comparison = z.object({ of: Arm, to: Arm, parts: z.record(z.string(), byMode(ArmDifference)) })
export type Comparison = z.infer<typeof Comparison>

/**
 * One arm minus another on one skill, over all parts, each averaged over its seeds. The interval is made as that of the whole
 * difference; of one seed each, on items that stand alone, it is Newcombe's for paired shares.
 */
export const SkillDifference = z.object({
  skill: z.string(),
  items: count,
  groups: count,
  seeds: z.tuple([count, count]).default([1, 1]),
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
})

/** What the opened test says of the arms and of the final against each other one. */
export const Contrasts = z.object({
  /** `named`: the opening's request said it; else it is what a request without one means. */
  primary: PrimaryComparison.extend({ named: z.boolean() }),
  arms: z.array(ArmResult),
  comparisons: z.array(Comparison),
  adjusted: z.array(Adjusted),
  skills: z.array(SkillDifference),
  leftOut: z.array(z.object({ arm: Arm, reason: z.string() })),
})
export type Contrasts = z.infer<typeof Contrasts>
