import { expect, test } from 'vitest'
import { costs, type Scale, simulateScale } from '../../support/simulated-scale.ts'

const scale = (changes: Partial<Scale> = {}) =>
  simulateScale({ rows: 20_000, generators: 4, latencyMs: 2000, copies: 3, ...changes })

test('a simulated generate is never faster than the teacher allows, and gives the same numbers each time', () => {
  for (const generators of [1, 4, 16]) {
    const { seconds, share } = scale({ generators })
    const ideal = (20_000 * 2) / (generators * costs.callsPerGenerator)
    expect(share).toBeLessThanOrEqual(1)
    expect(seconds).toBeCloseTo(ideal / share, 6)
    expect(scale({ generators })).toEqual(scale({ generators }))
  }
})

test('where one part is slow, that part is named, and the rate is its own', () => {
  // A teacher that answers at once leaves the processors of the generators to wait for, then the journal.
  const few = scale({ latencyMs: 20, generators: 2 })
  expect(few.limit).toBe('generator')
  expect(20_000 / few.seconds).toBeLessThan((2 * 1000) / costs.generatorMs)
  const many = scale({ latencyMs: 20, generators: 64, critics: 16 })
  expect(many.limit).toBe('journal')
  expect(20_000 / many.seconds).toBeLessThan(1000 / costs.journalMs[3])
  expect(scale({ latencyMs: 20_000, generators: 1, rows: 100_000 }).limit).toBe('teacher')
})

test('rows are made in rounds of so many shards, and each has an end that waits', () => {
  const { largestShard, shardsOfRound } = costs
  expect(scale({ rows: 3 * largestShard * shardsOfRound }).rounds).toBe(3)
  expect(scale({ generators: 64 }).idleShare).toBeGreaterThan(scale({ generators: 1 }).idleShare)
})
