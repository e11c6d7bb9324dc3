import type { Bus } from '../../bus/mod.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import { byIndex } from './in-order.ts'
import { type RoundRecord, StoredShard } from './round-record.ts'

/** The checked shards of a round's record by index, read one after the other, the next while one is worked on. */
export async function* storedShards(
  { objects }: Pick<Bus, 'objects'>,
  { done }: RoundRecord,
): AsyncGenerator<StoredShard> {
  const read = (checked: ObjectRef) => objects.getJson(checked, StoredShard)
  // A record of before it named sources: each of its shards is read twice.
  const named = Object.entries(done).map(async ([shard, { checked, source }]) => ({
    shard: Number(shard),
    source: source ?? (await read(checked)).source,
    checked,
  }))
  const [first, ...rest] = byIndex(await Promise.all(named))
  if (!first) return
  let next = read(first.checked)
  for (const { checked } of rest) {
    const shard = await next
    next = read(checked)
    // Whoever stops early waits for no more.
    next.catch(() => {})
    yield shard
  }
  yield await next
}
