import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gainPercent } from '../../cli/report/statistics/gain.ts'
import { minResamples } from '../../cli/report/statistics/resampler.ts'
import { stratifiedDifference } from '../../cli/report/statistics/stratified-difference.ts'
import { wilson } from '../../cli/report/statistics/wilson.ts'

const how = { resamples: minResamples, seed: 11 }
const bools = (right: number, total: number) => Array.from({ length: total }, (_, index) => index < right)

describe('Wilson interval', () => {
  // Newcombe 1998, table I, method 3.
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%i of %i as published', (correct, total, low, high) => {
    const interval = wilson(correct, total)!
    expect(interval.low).toBeCloseTo(low, 4)
    expect(interval.high).toBeCloseTo(high, 4)
  })

  test('no items, no interval', () => expect(wilson(0, 0)).toBeNull())
  test('more right than there are is refused', () => expect(() => wilson(3, 2)).toThrow(RangeError))

  test('holds its estimate, stays a share, and mirrors', () => {
    const share = fc
      .integer({ min: 1, max: 2000 })
      .chain((total) => fc.tuple(fc.integer({ min: 0, max: total }), fc.constant(total)))
    fc.assert(
      fc.property(share, ([correct, total]) => {
        const [interval, mirrored] = [wilson(correct, total)!, wilson(total - correct, total)!]
        expect(interval.low).toBeGreaterThanOrEqual(0)
        expect(interval.high).toBeLessThanOrEqual(1)
        expect(interval.low).toBeLessThanOrEqual(correct / total)
        expect(interval.high).toBeGreaterThanOrEqual(correct / total)
        expect(mirrored.low).toBeCloseTo(1 - interval.high, 12)
      }),
    )
  })
})

describe('stratified difference', () => {
  test('of papers of equal composition is the plain difference', () => {
    const audit = { easy: bools(30, 60), hard: bools(10, 60) }
    const { value, interval, items } = stratifiedDifference(audit, { easy: bools(33, 60), hard: bools(13, 60) }, how)
    expect(items).toEqual([120, 120])
    expect(value).toBeCloseTo(-6 / 120)
    expect(interval!.low).toBeLessThan(0)
    expect(interval!.high).toBeGreaterThan(0)
  })

  test('weighs the parts as the second paper does, and leaves out what only one has', () => {
    const first = { easy: bools(9, 10), hard: bools(10, 100) }
    const second = { easy: bools(50, 100), hard: bools(1, 10), handwritten: bools(40, 40) }
    const { value, strata, items } = stratifiedDifference(first, second, how)
    expect(strata).toEqual(['easy', 'hard'])
    expect(items).toEqual([110, 110])
    expect(value).toBeCloseTo((100 * (0.9 - 0.5) + 10 * (0.1 - 0.1)) / 110)
  })

  test('does not resample between parts: parts without spread have none together', () => {
    const paper = { easy: bools(20, 20), hard: bools(0, 20) }
    expect(stratifiedDifference(paper, paper, how).interval).toEqual({ low: 0, high: 0 })
  })

  test('too few resamples are refused', () => {
    const one = { one: bools(1, 2) }
    expect(() => stratifiedDifference(one, one, { resamples: 999, seed: 1 })).toThrow(RangeError)
  })

  test('nothing in common: nothing is said', () => {
    expect(stratifiedDifference({ one: [true] }, { other: [true] }, how)).toMatchObject({ value: null, interval: null })
  })
})

describe('gain', () => {
  // Science row of the paper: base 16.74.
  test('as the paper has it', () => expect(gainPercent(0.2856, 0.1674)).toBeCloseTo(70.6, 1))
  test('is not defined over a base of nothing', () => expect(gainPercent(0.4, 0)).toBeNull())
  test('is not defined without a score', () => expect(gainPercent(null, 0.2)).toBeNull())
})
