import type { Round } from '../../schemas/messages/generation.ts'
import type { Program } from '../../schemas/program.ts'
import type { Row } from '../../schemas/row.ts'
import { createDuplicateIndex } from '../kit/dedup/duplicate-index.ts'
import { openAdmission, quotasOf } from './admission.ts'
import { withFailures } from './failures.ts'
import { inOrder } from './in-order.ts'
import type { StoredShard } from './round-record.ts'

type Each<T> = Iterable<T> | AsyncIterable<T>

/**
 * What a complete round comes to: the rows of the dataset after it, one after the other, and its yield, which is known once the last row
 * was taken. `earlier` are the rows before the round, `shards` come by index. A pure function of them; memory holds what tells
 * duplicates, and no rows but a shard's and the surplus.
 */
export function admitRound(
  { quotas }: Pick<Round, 'quotas'>,
  { filters, sources }: Program,
  earlier: Each<Row>,
  shards: Each<StoredShard>,
) {
  const index = createDuplicateIndex({ jaccard: filters.nearDuplicateJaccard })
  const admission = openAdmission(quotasOf(quotas, sources), index)
  const counted: Pick<StoredShard, 'shard' | 'source' | 'failures'>[] = []
  let count = 0

  async function* eachCounted() {
    for await (const shard of shards) {
      admission.count(shard)
      counted.push({ shard: shard.shard, source: shard.source, failures: shard.failures })
      yield shard
    }
  }

  async function* rows(): AsyncGenerator<Row> {
    for await (const row of earlier) {
      admission.remember(row)
      count += 1
      yield row
    }
    for await (const candidate of inOrder(eachCounted())) {
      if (!admission.admits(candidate)) continue
      count += 1
      yield candidate.row
    }
  }

  return {
    rows: rows(),
    result() {
      const { bySource, ...rest } = admission.result()
      return { rows: count, ...rest, ...withFailures(bySource, counted) }
    },
  }
}
