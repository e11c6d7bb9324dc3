import { z } from 'zod'
import { Sha256 } from '../../schemas/ids.ts'
import { ScoreMode } from '../../schemas/task.ts'
import { ArmMean, count, SkillDifference, TrivialBaseline } from './contrasts.ts'
import { Interval } from './statistics/intervals.ts'

const RememberingArm = z.enum(['base', 'control', 'final'])

/** What the student knew outside the task before training, and after it; null where the retention paper was not sat. */
export const RetentionFacts = z.object({
  /** The set's file. */
  sha256: Sha256,
  /** The mode of the set's own scorer. */
  mode: ScoreMode,
  items: count,
  arms: z.array(ArmMean.extend({ arm: RememberingArm, truncated: count })),
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
   * nothing to forget. Null in runs from before it was recorded.
   */
  trivial: TrivialBaseline.nullable().default(null),
  /** The final minus the base by kind of question. */
  skills: z.array(SkillDifference),
})
export type RetentionFacts = z.infer<typeof RetentionFacts>
