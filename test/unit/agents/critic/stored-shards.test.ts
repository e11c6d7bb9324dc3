import { expect, test } from 'vitest'
import type { CheckedShard } from '../../../../agents/critic/admission.ts'
import { storedShards } from '../../../../agents/critic/admit-round.ts'
import type { RoundRecord } from '../../../../agents/critic/round-record.ts'
import type { Bus } from '../../../../bus/mod.ts'
import { sha256 } from '../../../../schemas/hash.ts'

const shards: CheckedShard[] = ['south', 'north', 'south'].map((source, shard) => ({
  shard,
  source,
  asked: 1,
  failures: {},
  rows: [],
}))
const refOf = (shard: number) => ({ account: 'LAB' as const, name: `${shard}`, sha256: sha256(`${shard}`), bytes: 1 })
const getJson = async ({ name }: { name: string }) => shards[Number(name)]
const bus = { objects: { getJson } } as unknown as Pick<Bus, 'objects'>
const spent = { calls: 0, inputTokens: 0, outputTokens: 0 }

const record: RoundRecord = {
  shards: 3,
  done: Object.fromEntries(
    [2, 0, 1].map((shard) => [shard, { checked: refOf(shard), spent, source: shards[shard]!.source }]),
  ),
}

test('shards come by source and index', async () => {
  const order = (await Array.fromAsync(storedShards(bus, record))).map(({ shard }) => shard)
  expect(order).toEqual([1, 0, 2])
})

test('an empty record has none', async () => {
  expect(await Array.fromAsync(storedShards(bus, { shards: 1, done: {} }))).toEqual([])
})
