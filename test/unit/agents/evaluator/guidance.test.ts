import fc from 'fast-check'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, test } from 'vitest'
import { halvesOf, isAbove } from '../../../../agents/evaluator/ladder.ts'
import type { ItemOutcome } from '../../../../schemas/score.ts'
import type { Item } from '../../../../schemas/task.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask } from '../../../../tasks/load.ts'

const { validation } = await loadTask(bundledTask)

describe('halves of validation', () => {
  test('every part and skill is divided evenly, whatever the order of the items', () => {
    const { a, b } = halvesOf(validation)
    expect(a.size + b.size).toBe(validation.length)
    expect(Math.abs(a.size - b.size)).toBeLessThanOrEqual(1)
    for (const stratum of Object.values(Object.groupBy(validation, ({ part, skill }) => `${part}/${skill}`))) {
      const inA = stratum!.filter(({ id }) => a.has(id)).length
      expect(Math.abs(2 * inA - stratum!.length)).toBeLessThanOrEqual(1)
    }
    expect(halvesOf(validation.toReversed())).toEqual({ a, b })
  })

  test('items of one group are never divided', () => {
    const arbitrary = fc.array(fc.record({ part: fc.constantFrom('p', 'q'), group: fc.integer({ min: 0, max: 9 }) }))
    fc.assert(
      fc.property(arbitrary, (drawn) => {
        const items = drawn.map(({ part, group }, index) => ({ id: `i${index}`, part, skill: 's', group: `g${group}` }))
        const { a, b } = halvesOf(items as unknown as Item[])
        expect(a.size + b.size).toBe(items.length)
        for (const group of Object.values(Object.groupBy(items, (item) => item.group))) {
          expect(new Set(group!.map(({ id }) => a.has(id))).size).toBe(1)
        }
      }),
    )
  })
})

describe('the ladder', () => {
  const items = 600
  const random = xoroshiro128plus(7)
  const flip = () => uniformFloat64(random) < 0.5
  const outcomes = (right: readonly boolean[]): ItemOutcome[] =>
    right.map((strict, index) => ({
      id: `i${index}`,
      part: 'p',
      skill: 's',
      strict,
      lenient: strict,
      truncated: false,
    }))
  const shareOf = (right: readonly boolean[]) => right.filter(Boolean).length / right.length

  /**
   * The attack of Blum and Hardt: guess labels that are coin flips, keep the guesses that were told to be better than half, and let
   * them vote. What is told of the vote is then far above the half that it is worth.
   */
  function attack(notify: (right: boolean[]) => number): number {
    const labels = Array.from({ length: items }, flip)
    const rightOf = (guess: readonly boolean[]) => guess.map((bit, index) => bit === labels[index])
    const kept: boolean[][] = []
    for (let round = 0; round < 300; round++) {
      const guess = Array.from({ length: items }, flip)
      if (notify(rightOf(guess)) > 0.5) kept.push(guess)
    }
    const vote = labels.map((_, index) => kept.filter((guess) => guess[index]).length * 2 > kept.length)
    return notify(rightOf(vote))
  }

  function guarded(): (right: boolean[]) => number {
    let best: ItemOutcome[] | null = null
    return (right) => {
      const next = outcomes(right)
      if (!best || isAbove(next, best, 'strict')) best = next
      return shareOf(best.map(({ strict }) => strict))
    }
  }

  test('three hundred guesses do not fit random labels through it, and do without it', () => {
    const repeats = Array.from({ length: 10 }, () => ({ open: attack(shareOf), behind: attack(guarded()) }))
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    // A standard error of a score of 600 coin flips is 2 points.
    expect(mean(repeats.map(({ open }) => open))).toBeGreaterThan(0.62)
    for (const { behind } of repeats) expect(behind).toBeLessThan(0.58)
  })

  test('a real gain passes, an equal or a worse candidate does not', () => {
    const base = outcomes(Array.from({ length: items }, (_, index) => index < 200))
    expect(isAbove(outcomes(Array.from({ length: items }, (_, index) => index < 260)), base, 'strict')).toBe(true)
    expect(isAbove(base, base, 'strict')).toBe(false)
    expect(isAbove(outcomes(Array.from({ length: items }, (_, index) => index < 150)), base, 'strict')).toBe(false)
    expect(() => isAbove(base.slice(1), base, 'strict')).toThrow('same items')
  })
})
