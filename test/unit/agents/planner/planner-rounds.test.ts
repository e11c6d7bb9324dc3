import fc from 'fast-check'
import { expect, test } from 'vitest'
import { apportion } from '../../../../agents/planner/apportion.ts'
import { allowances, planRound } from '../../../../agents/planner/attempt.ts'
import { uniformProgram } from '../../../../agents/planner/program/programs.ts'
import { addYield, maxShards, nextRound, roundsOf } from '../../../../agents/planner/rounds.ts'
import { shrunk } from '../../../../agents/planner/rules/diagnose.ts'
import { newRun } from '../../../../agents/planner/step.ts'
import { callsPerCandidate, Program } from '../../../../schemas/program.ts'
import type { RunConfig } from '../../../../schemas/run.ts'
import { attemptOf, configOf, refTo } from '../../../support/planner-fixtures.ts'
import { promptProgram } from '../../../support/prompt-program.ts'

test('apportioned numbers add up and follow the weights', () => {
  const weights = fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(weights, fc.integer({ min: 0, max: 5000 }), (values, total) => {
      const result = apportion(new Map(values.map((value, i) => [`s${i}`, value])), total)
      expect([...result.values()].reduce((a, b) => a + b, 0)).toBe(total)
      const sum = values.reduce((a, b) => a + b, 0)
      for (const [i, value] of values.entries()) {
        const exact = sum > 0 ? (total * value) / sum : total / values.length
        expect(Math.abs(result.get(`s${i}`)! - exact)).toBeLessThan(1 + 1e-6)
      }
    }),
  )
})

test('a skill with few items is drawn to the mean, one with many is not', () => {
  expect(shrunk({ correct: 0, total: 0 }, 0.6)).toBe(0.6)
  expect(shrunk({ correct: 10, total: 10 }, 0.5)).toBe(0.75)
  expect(shrunk({ correct: 1000, total: 1000 }, 0.5)).toBeGreaterThan(0.99)
})

test('a round has so many shards at most, however long its templates are, and their messages fit into one value', async () => {
  const limits = { ...configOf().limits, maxShardsInFlight: null, candidateCap: 10 }
  const config = configOf({ rows: 50_000, limits })
  const shardsOf = async (template: string) => {
    const program = promptProgram({ rows: 50_000, template })
    const store = { putRound: async () => refTo('round') }
    const state = { ...newRun(config, 'start'), contamination: refTo('index') }
    const { messages } = await planRound(state, attemptOf(program), { at: config.startedAt, store })
    return messages.filter(({ name }) => name === 'shard')
  }
  const [short, long] = [
    await shardsOf('{{index}}'),
    await shardsOf(`{{index}} ${'Say it in many words. '.repeat(900)}`),
  ]
  expect(short).toHaveLength(maxShards)
  expect(long).toEqual(short)
  expect(Buffer.byteLength(JSON.stringify(long))).toBeLessThan(maxShards * 1000)
  expect(maxShards * 1000).toBeLessThan(1024 ** 2 / 2 + 1)
})

test('rounds refill deficits by source until the target, within the candidate cap', () => {
  const yields = fc.double({ min: 0.02, max: 1, noNaN: true })
  const caps = fc.option(fc.integer({ min: 1, max: 6 }))
  fc.assert(
    fc.property(yields, fc.integer({ min: 6, max: 400 }), caps, (share, rows, maxShardsInFlight) => {
      const config = configOf({ rows, limits: { ...configOf().limits, maxShardsInFlight } })
      let attempt = attemptOf(uniformProgram(['north', 'south', 'east'], rows))
      for (;;) {
        const asks = nextRound(attempt, config)
        if (asks.length === 0) break
        const shards = asks.reduce((sum, { count }) => sum + Math.ceil(count / config.limits.shardSize), 0)
        expect(shards).toBeLessThanOrEqual(maxShardsInFlight ?? shards)
        const bySource = { ...attempt.bySource }
        const asked = { ...attempt.asked }
        for (const { source, from, count, quota } of asks) {
          expect(from).toBe(asked[source] ?? 0)
          const good = Math.floor(count * share)
          const admitted = Math.min(quota, good)
          bySource[source] = addYield(bySource[source], {
            asked: count,
            generated: count,
            admitted,
            rejected: {
              ...(count > good ? { 'wrong-answer': count - good } : {}),
              ...(good > admitted ? { surplus: good - admitted } : {}),
            },
          })
          asked[source] = from + count
        }
        attempt = { ...attempt, round: attempt.round + 1, bySource, asked }
      }
      const askedInAll = Object.values(attempt.asked).reduce((a, b) => a + b, 0)
      const admittedInAll = Object.values(attempt.bySource).reduce((a, b) => a + b.admitted, 0)
      expect(askedInAll).toBeLessThanOrEqual(config.limits.candidateCap * rows)
      expect(admittedInAll).toBeLessThanOrEqual(rows)
      // At a yield that the cap allows, the target is met exactly; else a limit was reached.
      if (share >= 0.7 && rows >= 30) expect(admittedInAll).toBe(rows)
      else if (admittedInAll < rows) {
        expect(attempt.round === roundsOf(config) || askedInAll >= Math.floor(config.limits.candidateCap * rows)).toBe(
          true,
        )
      }
    }),
  )
})

test('no more is asked for than the calls left pay for with its checks, and the shards share no more than those', () => {
  const checks = fc.record({
    verification: fc.constantFrom('none' as const, { kind: 'vote' as const, k: 3 }, { kind: 'vote' as const, k: 5 }),
    judge: fc.constantFrom(null, { minScore: 4 }),
  })
  fc.assert(
    fc.property(checks, fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 1, max: 300 }), (wanted, left, rows) => {
      const one = promptProgram({ rows, ...wanted })
      const [source] = one.sources
      const program = Program.parse({ ...one, sources: [source, { ...source, id: 'boxes' }] })
      const asks = nextRound(attemptOf(program), configOf({ rows: 2 * rows }), left)
      const each = callsPerCandidate(source!, program)
      const cost = asks.reduce((sum, { count }) => sum + count * each, 0)
      expect(cost).toBeLessThanOrEqual(left)
      expect(asks.length > 0).toBe(left >= each)
      const pieces = asks.map(({ count }) => ({ source: source!, count }))
      const granted = allowances(pieces, program, left)
      const sum = granted.reduce((total, { maxCalls = 0, checkCalls = 0 }) => total + maxCalls + checkCalls, 0)
      expect(sum).toBeLessThanOrEqual(left)
      for (const { checkCalls } of granted) expect(checkCalls === undefined).toBe(each === 1)
    }),
  )
})

test('an attempt that wants nothing more asks for nothing, also where more was spent than a new limit allows', () => {
  const made = { asked: 40, generated: 40, admitted: 40, rejected: {} }
  const full = {
    ...attemptOf(promptProgram({ rows: 40 })),
    round: 1,
    asked: { crates: 40 },
    bySource: { crates: made },
  }
  expect(nextRound(full, configOf({ rows: 40 }), -20)).toEqual([])
})

test('a source with `expand` is tried on one shard before it is asked for all, and planned by what its replies become', () => {
  const expand = { hooks: { expand: '(row) => [row, row]', maxExpanded: 2 } }
  const config = configOf({ rows: 300 })
  const first = attemptOf(promptProgram({ rows: 300, ...expand }))
  const [trial] = nextRound(first, config)
  expect(trial).toMatchObject({ from: 0, count: config.limits.shardSize, quota: 300 })
  const seen = { asked: 25, generated: 75, admitted: 50, rejected: { 'near-duplicate': 25 } }
  const second = { ...first, round: 1, asked: { crates: 25 }, bySource: { crates: seen } }
  const [rest] = nextRound(second, config)
  // Two rows a reply were measured, and a little under three were expected.
  expect(rest).toMatchObject({ from: 25, quota: 250 })
  expect(rest!.count).toBeGreaterThan(250 / 2.85)
  expect(rest!.count).toBeLessThanOrEqual(125)
})

test('hooks that make no further rows are asked for as many as a source without hooks; in runs begun before, one shard first', () => {
  const asked = (hooks: object, changes: Partial<RunConfig>) => {
    const withHooks = Object.keys(hooks).length > 0 ? { hooks: { ...hooks, maxExpanded: 1 } } : {}
    return nextRound(attemptOf(promptProgram({ rows: 300, ...withHooks })), configOf({ rows: 300, ...changes }))[0]!
      .count
  }
  const plain = asked({}, {})
  expect(plain).toBeGreaterThanOrEqual(300)
  for (const hooks of [{ parse: '() => null' }, { accept: '() => true' }]) {
    expect(asked(hooks, { hooksAtOnce: true })).toBe(plain)
    expect(asked(hooks, {})).toBe(25)
  }
})

test('what was asked while the teacher was away, or without a call left, says nothing of a source and uses up no candidates', () => {
  const config = configOf({ rows: 100, limits: { ...configOf().limits, candidateCap: 1.2 } })
  const first = attemptOf(promptProgram({ rows: 100 }))
  const seen = { asked: 106, generated: 20, admitted: 20, rejected: {}, failed: { gone: 80, budget: 6 } }
  const [again] = nextRound({ ...first, round: 1, asked: { crates: 106 }, bySource: { crates: seen } }, config)
  expect(again).toMatchObject({ from: 106, quota: 80 })
  expect(again!.count).toBeGreaterThanOrEqual(80)
  expect(again!.count).toBeLessThanOrEqual(90)
})
