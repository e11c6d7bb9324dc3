import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { leaderOf } from '../../../../agents/planner/strategies/leader.ts'
import { plateauOf } from '../../../../agents/planner/strategies/plateau.ts'
import { race } from '../../../../agents/planner/strategies/racing.ts'
import { strategies } from '../../../../agents/planner/strategies/strategies.ts'
import type { TriedAttempt } from '../../../../agents/planner/strategies/strategy.ts'
import { plainSearch, StrategyName } from '../../../../schemas/search.ts'
import { figuresOf, type Landscape, searchWith } from '../../../support/simulated-searches.ts'

const tried = (attempt: number, more: Partial<TriedAttempt> = {}): TriedAttempt => ({
  ...{ attempt, generation: attempt, from: null, share: 1, promotes: null, scores: [0.4] },
  ...more,
})
const standing = { ...plainSearch, seed: 1, left: 10, best: null }

/** Histories as searches leave them: each attempt from an earlier one or from none, some without a score. */
const histories = fc
  .array(fc.record({ from: fc.nat(12), score: fc.option(fc.double({ min: 0, max: 1, noNaN: true })) }), {
    maxLength: 12,
  })
  .map((all) =>
    all.map(({ from, score }, index) =>
      tried(index + 1, { from: from > 0 && from <= index ? from : null, scores: score === null ? [] : [score] }),
    ),
  )

describe('a strategy', () => {
  test.each(StrategyName.options)(
    '%s is a pure function, and makes no more moves than are left or go together',
    (name) => {
      fc.assert(
        fc.property(histories, fc.integer({ min: 1, max: 6 }), fc.nat(8), (history, parallel, left) => {
          const scored = history.filter(({ scores }) => scores.length > 0).map(({ attempt }) => attempt)
          const now = { ...standing, parallel, left, attempt: history.length + 1, best: scored[0] ?? null }
          const moves = strategies[name](history, now)
          expect(strategies[name](structuredClone(history), now)).toEqual(moves)
          expect(moves.length).toBeLessThanOrEqual(parallel)
          expect(moves.reduce((sum, { share }) => sum + share, 0)).toBeLessThanOrEqual(left + 1e-9)
          if (left >= 1) expect(moves.length).toBeGreaterThan(0)
          for (const move of moves) {
            const start = 'promotes' in move ? move.promotes : move.from
            if (start !== null) expect(scored).toContain(start)
          }
        }),
      )
    },
  )

  test('tree leaves a start that brought nothing for another one', () => {
    const history = [
      tried(1, { scores: [0.5] }),
      tried(2, { from: 1, scores: [0.1] }),
      tried(3, { from: 1, scores: [0.1] }),
      tried(4, { scores: [0.45] }),
    ]
    expect(strategies.tree(history, { ...standing, attempt: 5, best: 1 })).toEqual([{ from: 4, share: 1 }])
    expect(strategies.greedy(history, { ...standing, attempt: 5, best: 1 })).toEqual([{ from: 1, share: 1 }])
  })

  test('successive halving spends what is left to the last bracket, and promotes none that is not paid', () => {
    const history: TriedAttempt[] = []
    let left = 5
    for (;;) {
      const moves = strategies['successive-halving'](history, {
        ...standing,
        attempt: history.length + 1,
        left,
        parallel: 4,
      })
      if (moves.length === 0) break
      left -= moves.reduce((sum, { share }) => sum + share, 0)
      const generation = (history.at(-1)?.generation ?? 0) + 1
      for (const move of moves) {
        const attempt = history.length + 1
        const promotes = 'promotes' in move ? move.promotes : null
        history.push(tried(attempt, { generation, share: move.share, promotes, scores: [attempt / 100] }))
      }
    }
    expect(left).toBeCloseTo(0)
    // Eight contenders with a quarter of the rows each, of whom two have all rows; then the last training, from the best.
    expect(history.map(({ share }) => share)).toEqual([...Array(8).fill(0.25), 1, 1, 1])
    expect(history.map(({ promotes }) => promotes).slice(8)).toEqual([8, 7, null])
  })
})

test('a search that races goes on from the highest score, and one that does not from the best', () => {
  const history = [tried(1, { scores: [0.4, 0.4] }), tried(2, { scores: [0.5, 0.38] }), tried(3, { scores: [0.43] })]
  expect(leaderOf(history, 1, { ...plainSearch.racing, seeds: 2 })).toBe(2)
  expect(leaderOf(history, 1, plainSearch.racing)).toBe(1)
  expect(leaderOf([], null, plainSearch.racing)).toBeNull()
})

test('a lead has to be larger on fewer items, with fewer seeds, and where seeds have differed more', () => {
  const { racing } = searchWith({ racing: { seeds: 2 } })
  const needed = (total: number, correct: number[], pairs: number[] = []) =>
    race({ correct, total }, { correct: correct.map(() => total * 0.4), total }, { racing, pairs }).needed
  expect(needed(60, [30, 30])).toBeGreaterThan(needed(436, [218, 218]))
  expect(needed(144, [72])).toBeGreaterThan(needed(144, [72, 72]))
  expect(needed(144, [72, 72], [0.04, 0.04])).toBeGreaterThan(needed(144, [72, 72], [0, 0]))
})

test('the mark of the plateau moves with a clear improvement alone', () => {
  const scores = [0.4, 0.43, 0.41, 0.6, 0.61]
  const history = scores.map((score, index) => tried(index + 1, { scores: [score] }))
  expect(plateauOf(history, 144, plainSearch.racing)).toEqual({ mark: 4, since: 1 })
  expect(plateauOf(history.slice(0, 3), 144, plainSearch.racing)).toEqual({ mark: 1, since: 2 })
  expect(plateauOf([tried(1, { scores: [] }), tried(2, { share: 0.25 })], 144, plainSearch.racing)).toBeNull()
})

describe('in simulated searches whose truth is known', () => {
  const usual: Omit<Landscape, 'name' | 'gains' | 'steps'> = {
    ...{ draft: { mean: 0.4, deviation: 0.03 }, base: 0.15, items: 144, seeds: 0.03 },
  }
  const flat: Landscape = { ...usual, name: 'flat', draft: { mean: 0.4, deviation: 0 }, gains: [0], steps: 0 }
  const falling: Landscape = { ...usual, name: 'falling', gains: [0.04, -0.03], steps: 0.01 }

  test('races keep false gains at 6 % or less, and without them a fifth are', () => {
    expect(figuresOf(flat, searchWith({}), 10, 150).falseGains).toBeGreaterThan(0.12)
    expect(figuresOf(flat, searchWith({ racing: { seeds: 2 } }), 10, 150).falseGains).toBeLessThanOrEqual(0.06)
  })

  test('the plateau rule stops within two attempts of a peak and costs nothing there', () => {
    const { withinTwo, cost } = figuresOf(falling, searchWith({ plateau: { attempts: 2 } }), 16, 150)
    expect(withinTwo).toBeGreaterThanOrEqual(0.8)
    expect(cost).toBeLessThanOrEqual(0.005)
  })
})
