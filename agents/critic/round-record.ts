import { z } from 'zod'
import { ObjectRef, Token } from '../../schemas/ids.ts'
import { RejectionReason, Row } from '../../schemas/row.ts'
import { Spent } from '../../schemas/usage.ts'
import { Failures } from './admission.ts'

/** What is known of an open round: which shards are checked, and where their rows lie. One KV record a round. */
export const RoundRecord = z.object({
  shards: z.number().int().positive(),
  done: z.record(
    z.string(),
    z.object({
      checked: ObjectRef,
      spent: Spent,
      source: Token,
    }),
  ),
})
export type RoundRecord = z.infer<typeof RoundRecord>

/** Where a contaminated row repeats an evaluation item: [start, end) of the row's text, and nothing of the item's. */
const Match = z.object({
  how: z.enum(['exact', 'core', 'ngram']),
  /** The item's ordinal in the published index; only its maker can tell which item that is. */
  item: z.number().int(),
  span: z.tuple([z.number().int(), z.number().int()]),
  share: z.number(),
})

/** A checked shard as it is stored. */
export const StoredShard = z.object({
  shard: z.number().int(),
  source: z.string(),
  asked: z.number().int(),
  failures: Failures.default({}),
  rows: z.array(
    z.object({
      row: Row,
      rejected: RejectionReason.nullable(),
      why: z.string().optional(),
      match: Match.optional(),
      alike: z.boolean().default(false),
    }),
  ),
  /** What a model was paid to check it; left out where none was. */
  spent: Spent.optional(),
})

export type StoredShard = z.infer<typeof StoredShard>

export const isComplete = (record: RoundRecord): boolean => Object.keys(record.done).length === record.shards
