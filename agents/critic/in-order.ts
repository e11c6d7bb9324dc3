import { compareRowIds } from '../../schemas/row.ts'
import type { CheckedRow, CheckedShard } from './admission.ts'

/** The shards of a round by source and index, each once, however they arrived. */
export function byIndex<S extends { shard: number; source: string }>(shards: readonly S[]): S[] {
  const distinct = [...new Map(shards.map((shard) => [shard.shard, shard])).values()]
  return distinct.sort((a, b) => (a.source < b.source ? -1 : a.source > b.source ? 1 : a.shard - b.shard))
}

const byId = (a: CheckedRow, b: CheckedRow) => compareRowIds(a.row.id, b.row.id)

/**
 * The candidates of a round by id, with the rows of neighbouring shards alone in memory. The shards come by index: one that comes later has
 * no smaller index, but may have samples of the prompt that the one before ended in.
 */
export async function* inOrder(
  shards: Iterable<Pick<CheckedShard, 'rows'>> | AsyncIterable<Pick<CheckedShard, 'rows'>>,
): AsyncGenerator<CheckedRow> {
  let held: CheckedRow[] = []
  for await (const { rows } of shards) {
    const [first, ...rest] = rows.toSorted(byId)
    if (!first) continue
    yield* held.filter((each) => byId(each, first) < 0)
    held = [...held.filter((each) => byId(each, first) >= 0), first, ...rest].sort(byId)
  }
  yield* held
}
