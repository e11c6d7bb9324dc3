import { z } from 'zod'
import { ObjectRef } from '../../schemas/ids.ts'
import { RejectionReason, Row } from '../../schemas/row.ts'

const Spent = z.object({ calls: z.number().int(), inputTokens: z.number().int(), outputTokens: z.number().int() })
type Spent = z.infer<typeof Spent>

/** What is known of an open round: which shards are checked, and where their rows lie. One KV record a round. */
export const RoundRecord = z.object({
  shards: z.number().int().positive(),
  done: z.record(z.string(), z.object({ checked: ObjectRef, spent: Spent })),
})
export type RoundRecord = z.infer<typeof RoundRecord>

/** A checked shard as it is stored. */
export const StoredShard = z.object({
  shard: z.number().int(),
  source: z.string(),
  asked: z.number().int(),
  rows: z.array(z.object({ row: Row, rejected: RejectionReason.nullable() })),
})

export const isComplete = (record: RoundRecord): boolean => Object.keys(record.done).length === record.shards

/** Everything the round's shards spent on a teacher. */
export function spentTogether(record: RoundRecord): Spent {
  return Object.values(record.done).reduce<Spent>(
    (sum, { spent }) => ({
      calls: sum.calls + spent.calls,
      inputTokens: sum.inputTokens + spent.inputTokens,
      outputTokens: sum.outputTokens + spent.outputTokens,
    }),
    { calls: 0, inputTokens: 0, outputTokens: 0 },
  )
}
