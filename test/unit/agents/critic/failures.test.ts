import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchFailures, withFailures } from '../../../../agents/critic/admission.ts'
import { FailureKind } from '../../../../schemas/row.ts'

const none = { asked: 0, generated: 0, admitted: 0, rejected: {} }

test('failures are counted by source and kind, with the words of the lowest index', () => {
  const shards = [
    { shard: 1, source: 'north', failures: batchFailures([{ index: 9, reason: 'hook: b', kind: 'hook' }]) },
    {
      shard: 0,
      source: 'north',
      failures: batchFailures([
        { index: 2, reason: 'hook: a', kind: 'hook' },
        { index: 3, reason: 'refused' },
      ]),
    },
    { shard: 2, source: 'south', failures: {} },
  ]
  const { bySource, failures } = withFailures({ north: none, south: none }, shards)
  expect(bySource).toEqual({ north: { ...none, failed: { hook: 2, teacher: 1 } }, south: none })
  expect(failures).toEqual({ north: { hook: 'hook: a', teacher: 'refused' } })
})

const failure = fc.record({ index: fc.nat(), reason: fc.string(), kind: fc.constantFrom(...FailureKind.options) })

test('neither the order of the shards nor a shard that comes twice changes anything', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(failure, { selector: ({ index }) => index, maxLength: 30 }),
      fc.nat({ max: 5 }),
      (all, parts) => {
        const shards = Array.from({ length: parts + 1 }, (_, shard) => ({
          shard,
          source: `s${shard % 2}`,
          failures: batchFailures(all.filter(({ index }) => index % (parts + 1) === shard)),
        }))
        const yields = Object.fromEntries(shards.map(({ source }) => [source, none]))
        const once = withFailures(yields, shards)
        expect(withFailures(yields, [...shards.toReversed(), ...shards])).toEqual(once)
        const counts = Object.values(once.bySource).flatMap(({ failed = {} }) => Object.values(failed))
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(all.length)
      },
    ),
  )
})
