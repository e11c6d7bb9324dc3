import { describe, expect, test } from 'vitest'
import { generate } from '../../agents/generator/procedural/graph.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { Batch, type Shard } from '../../schemas/messages/generation.ts'
import { type VariantOf, variantsOf } from '../../schemas/variants.ts'
import { procedures } from '../../tasks/procedures.ts'
import { shardOf } from '../support/shards.ts'

type Generate = (shard: PayloadOf<typeof Shard>) => Promise<PayloadOf<typeof Batch>>

/** How each variant is called in a test; a variant without an entry does not compile. */
const variants: { [V in VariantOf<'generator'>]: Generate } = {
  procedural: (shard) => generate(shard, procedures['everyday-numbers']!, new AbortController().signal),
}

describe.each(variantsOf.generator)('generator %s', (name) => {
  const make = variants[name]

  test('gives each index of the shard exactly one outcome', async () => {
    const shard = shardOf({ from: 40, count: 25 })
    const batch = Batch.schema.parse(await make(shard))
    const outcomes = [
      ...batch.candidates.map(({ id }) => Number(id.split('.')[3])),
      ...batch.failures.map(({ index }) => index),
    ]
    expect(outcomes.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, i) => 40 + i))
  })

  test('gives equal batches for equal shards, and the same rows however the indexes are cut into shards', async () => {
    const whole = await make(shardOf({ from: 0, count: 20 }))
    expect(await make(shardOf({ from: 0, count: 20 }))).toEqual(whole)
    const parts = [await make(shardOf({ from: 0, count: 7 })), await make(shardOf({ from: 7, count: 13 }))]
    expect(parts.flatMap(({ candidates }) => candidates)).toEqual(whole.candidates)
  })

  test('gives other rows for another seed', async () => {
    const one = await make(shardOf({ from: 0, count: 10, seed: '1' }))
    const two = await make(shardOf({ from: 0, count: 10, seed: '2' }))
    expect(one.candidates.map(({ input }) => input)).not.toEqual(two.candidates.map(({ input }) => input))
  })

  test('names no run and no time in its rows', async () => {
    const { candidates } = await make(shardOf({ from: 0, count: 5 }))
    expect(JSON.stringify(candidates)).not.toMatch(/test-run|20\d\d-\d\d-\d\dT/)
  })
})
