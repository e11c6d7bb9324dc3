import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { wilson } from '../../../evidence/report/statistics/intervals.ts'
import { minResamples, stratifiedDifference } from '../../../evidence/report/statistics/resampling.ts'
import { gainPercent, groupedRate, rate } from '../../../evidence/report/statistics/share.ts'

const how = { resamples: minResamples, seed: 11 }
/** Items that each stand alone. */
const items = (right: number, total: number) => ({
  sizes: new Array<number>(total).fill(1),
  right: Array.from({ length: total }, (_, index) => Number(index < right)),
})

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

describe('rate', () => {
  const width = ({ interval }: ReturnType<typeof groupedRate>) => interval!.high - interval!.low

  test('of items that stand alone is Wilson’s', () => {
    expect(groupedRate(items(30, 60))).toEqual(rate(30, 60))
    expect(rate(30, 60)).toMatchObject({ groups: 60, interval: wilson(30, 60) })
  })

  test('of groups that are right or wrong together is about as wide as one of as many items as groups', () => {
    const together = groupedRate({ sizes: new Array(40).fill(3), right: items(15, 40).right.map((each) => 3 * each) })
    expect(together).toMatchObject({ correct: 45, total: 120, groups: 40 })
    expect(width(together) / width(rate(15, 40))).toBeCloseTo(1, 1)
    expect(width(together)).toBeGreaterThan(1.6 * width(rate(45, 120)))
  })

  test('of groups that differ little by chance is no narrower than one of as many single items', () => {
    expect(groupedRate({ sizes: new Array(10).fill(6), right: new Array(10).fill(3) }).interval!.low).toBeLessThan(0.4)
    const alike = groupedRate({ sizes: new Array(10).fill(6), right: [2, 4, ...new Array(8).fill(3)] })
    expect(alike.interval).toEqual(rate(30, 60).interval)
  })

  test('of one group has no interval', () => {
    expect(groupedRate({ sizes: [4], right: [2] })).toMatchObject({ share: 0.5, interval: null })
  })
})

describe('stratified difference', () => {
  test('of papers of equal composition is the plain difference', () => {
    const audit = { easy: items(30, 60), hard: items(10, 60) }
    const difference = stratifiedDifference(audit, { easy: items(33, 60), hard: items(13, 60) }, how)
    const { value, interval } = difference
    expect(difference.items).toEqual([120, 120])
    expect(value).toBeCloseTo(-6 / 120)
    expect(interval!.low).toBeLessThan(0)
    expect(interval!.high).toBeGreaterThan(0)
  })

  test('weighs the parts as the second paper does, and leaves out what only one has', () => {
    const first = { easy: items(9, 10), hard: items(10, 100) }
    const second = { easy: items(50, 100), hard: items(1, 10), handwritten: items(40, 40) }
    const difference = stratifiedDifference(first, second, how)
    expect(difference).toMatchObject({ strata: ['easy', 'hard'], items: [110, 110] })
    expect(difference.value).toBeCloseTo((100 * (0.9 - 0.5) + 10 * (0.1 - 0.1)) / 110)
  })

  test('draws groups: items of which whole groups are right tell less, and adapters are averaged', () => {
    const width = ({ interval }: ReturnType<typeof stratifiedDifference>) => interval!.high - interval!.low
    const inFives = (right: number, groups: number) => ({
      sizes: new Array<number>(groups).fill(5),
      right: Array.from({ length: groups }, (_, group) => (group < right ? 5 : 0)),
    })
    const alone = stratifiedDifference({ part: items(50, 100) }, { part: items(40, 100) }, how)
    const grouped = stratifiedDifference({ part: inFives(10, 20) }, { part: inFives(8, 20) }, how)
    expect(grouped).toMatchObject({ items: [100, 100], value: expect.closeTo(alone.value!, 12) })
    expect(width(grouped) / width(alone)).toBeCloseTo(Math.sqrt(5), 0)
    const averaged = { sizes: [1, 1], right: [0.5, 1] }
    expect(stratifiedDifference({ part: averaged }, { part: items(1, 2) }, how).value).toBeCloseTo(0.25)
  })

  test('does not resample between parts: parts without spread have none together', () => {
    const evalSet = { easy: items(20, 20), hard: items(0, 20) }
    // Every draw is the same: there is no interval to tell, not one of no width.
    expect(stratifiedDifference(evalSet, evalSet, how).interval).toBeNull()
  })

  test('too few resamples are refused', () => {
    const one = { one: items(1, 2) }
    expect(() => stratifiedDifference(one, one, { resamples: 999, seed: 1 })).toThrow(RangeError)
  })

  test('nothing in common: nothing is said', () => {
    expect(stratifiedDifference({ one: items(1, 1) }, { other: items(1, 1) }, how)).toMatchObject({
      value: null,
      interval: null,
    })
  })
})

describe('gain', () => {
  // Science row of the paper: base 16.74.
  test('as the paper has it', () => expect(gainPercent(0.2856, 0.1674)).toBeCloseTo(70.6, 1))
  test('is not defined over a base of nothing', () => expect(gainPercent(0.4, 0)).toBeNull())
  test('is not defined without a score', () => expect(gainPercent(null, 0.2)).toBeNull())
})
