import { z } from 'zod'
import { TrainedArm } from '../../schemas/arm.ts'
import { Sha256 } from '../../schemas/ids.ts'
import { Rate } from './statistics/share.ts'

const count = z.number().int().nonnegative()

/** What a run measured beside its result, and what it did not. */
export const EvidenceFacts = z.object({
  /** Training seeds of each arm; null where the log does not begin. */
  seeds: count.nullable(),
  arms: z.array(
    z.object({
      arm: TrainedArm,
      rows: count,
      datasetHash: Sha256.nullable(),
      sameAs: TrainedArm.nullable(),
      leftOut: z.string().nullable(),
      /** Rows of a reference that copied an item and were not trained on; null of other arms. */
      refused: count.nullable(),
    }),
  ),
  /** Each with the way to measure it. */
  unmeasured: z.array(z.object({ what: z.string(), how: z.string() })),
  /** Of a run that is part of a comparison of planners. */
  comparison: z.object({ name: z.string(), arm: z.string(), pair: count }).nullable().default(null),
  ladder: z.enum(['off', 'on']),
  /** Student models whose scores the ladder kept back, and whose were shown in their place. */
  keptBack: z.array(z.object({ studentModel: z.string(), shownAs: z.string() })),
  /** Of a run that swaps validation: from which attempt on, and what each student model had right of either half, in the primary mode. */
  swap: z.object({ at: count, halves: z.array(z.object({ studentModel: z.string(), a: Rate, b: Rate })) }).nullable(),
})
export type EvidenceFacts = z.infer<typeof EvidenceFacts>
