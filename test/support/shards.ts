import { hashOf } from '../../schemas/hash.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { Shard } from '../../schemas/messages/generation.ts'
import { configOf, refTo } from './planner-fixtures.ts'

/** A shard of the bundled task's first skill. */
export function shardOf({
  from,
  count,
  seed = '1',
}: {
  from: number
  count: number
  seed?: string
}): PayloadOf<typeof Shard> {
  return {
    round: {
      attempt: 1,
      round: 1,
      shards: 1,
      target: 100,
      quotas: { 'order-total': 100 },
      program: refTo('program'),
      programHash: hashOf('program'),
      admitted: null,
      contamination: refTo('contamination'),
      publicTask: refTo('task'),
      variants: configOf().variants,
    },
    shard: 0,
    source: {
      id: 'order-total',
      kind: 'procedure',
      skill: 'order-total',
      rows: 100,
      phrasings: 4,
      wideShare: 0.5,
      difficulty: [1, 1, 1],
    },
    from,
    count,
    seed,
  }
}
