import { z } from 'zod'
import { ObjectRef } from '../../schemas/ids.ts'
import { RejectionReason, Row } from '../../schemas/row.ts'
import { Spent } from '../../schemas/usage.ts'
import { Failures } from './failures.ts'

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
  failures: Failures.default({}),
  rows: z.array(z.object({ row: Row, rejected: RejectionReason.nullable() })),
})

export const isComplete = (record: RoundRecord): boolean => Object.keys(record.done).length === record.shards
