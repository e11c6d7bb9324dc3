import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  armDifference,
  newcombe,
  newcombePaired,
  retentionResult,
} from '../../../evidence/report/statistics/differences.ts'
import { normalCritical, studentCritical, wilson } from '../../../evidence/report/statistics/intervals.ts'
import { overRuns, overRunsAndItems, pOverRuns } from '../../../evidence/report/statistics/over-runs.ts'
import { minResamples, stratifiedDifference } from '../../../evidence/report/statistics/resampling.ts'
import { armMean } from '../../../evidence/report/statistics/share.ts'
import { holm, mcNemar, signFlip } from '../../../evidence/report/statistics/significance.ts'
import { margin, twoWay } from '../../../evidence/report/statistics/two-way.ts'

test('quantiles as in the tables of Fisher and Yates', () => {
  expect(normalCritical()).toBeCloseTo(1.959963984540054, 10)
  expect([1, 2, 4, 10, 60].map((df) => Number(studentCritical(df).toFixed(3)))).toEqual([
    12.706, 4.303, 2.776, 2.228, 2.0,
  ])
})

describe('Newcombe, different items', () => {
  // Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10.
  test.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [6, 7, 2, 7, 0.0582, 0.8062],
    [5, 56, 0, 29, -0.0381, 0.1926],
    [0, 10, 0, 20, -0.1611, 0.2775],
    [10, 10, 0, 20, 0.6791, 1],
  ])('%i/%i - %i/%i as published', (first, firstTotal, second, secondTotal, low, high) => {
    const one = { correct: first, total: firstTotal }
    const interval = newcombe(one, { correct: second, total: secondTotal })!
    expect(interval.low).toBeCloseTo(low, 4)
    expect(interval.high).toBeCloseTo(high, 4)
  })
  test('no items, no interval', () => expect(newcombe({ correct: 0, total: 0 }, { correct: 1, total: 2 })).toBeNull())
})

// Cavo et al. 2012 as in Fagerland, Lydersen and Laake (2017), Statistical Analysis of Contingency Tables, chapter 8.
const cavo = { both: 59, gained: 6, lost: 16, neither: 80 }

describe('the same items', () => {
  test('Newcombe as published', () => {
    const interval = newcombePaired(cavo)!
    expect(interval.low).toBeCloseTo(-0.1186, 4)
    expect(interval.high).toBeCloseTo(-0.0046, 4)
  })
  test('exact McNemar as published', () => expect(mcNemar(cavo.gained, cavo.lost)).toBeCloseTo(0.052479, 6))
  test('exact McNemar is no sum of rounded terms: both tails of so many fair coins, counted in whole numbers', () => {
    for (const [gained, lost, p] of [
      [1, 0, 1],
      [3, 3, 1],
      [5, 31, 1.2913485988974571e-5],
      [25, 145, 9.356427960246984e-22],
      [400, 600, 2.7284641560660184e-10],
    ] as const) {
      expect(mcNemar(gained, lost) / p).toBeCloseTo(1, 6)
      expect(mcNemar(lost, gained)).toBe(mcNemar(gained, lost))
    }
  })
  test('nothing tells them apart: p is 1', () => expect(mcNemar(0, 0)).toBe(1))

  test('Newcombe holds its estimate and changes sign with the order', () => {
    const count = fc.integer({ min: 0, max: 60 })
    fc.assert(
      fc.property(count, count, count, fc.integer({ min: 1, max: 60 }), (both, gained, lost, neither) => {
        const value = (gained - lost) / (both + gained + lost + neither)
        const interval = newcombePaired({ both, gained, lost, neither })!
        const mirrored = newcombePaired({ both, gained: lost, lost: gained, neither })!
        expect(interval.low).toBeLessThanOrEqual(value + 1e-12)
        expect(interval.high).toBeGreaterThanOrEqual(value - 1e-12)
        expect(mirrored.low).toBeCloseTo(-interval.high, 10)
      }),
    )
  })
})

describe('sign flips', () => {
  // Darwin's maize in eighths of an inch; Fisher 1935, section 21: 863 of 2^15 arrangements reach 314 in one direction.
  const maize = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
  test('Darwin’s maize as Fisher has it, exactly', () => expect(signFlip(maize, 1)).toBe((2 * 863) / 2 ** 15))
  test('drawn patterns come near the exact ones, and repeat with their seed', () => {
    const padded = [...maize, 1e-6, -1e-6]
    expect(signFlip(padded, 5)).toBeCloseTo((2 * 863) / 2 ** 15, 2)
    expect(signFlip(padded, 5)).toBe(signFlip(padded, 5))
  })
  test('a drawn p is never 0', () => {
    const decided = Array.from({ length: 300 }, () => 1)
    expect(signFlip(decided, 3)).toBe(1 / (2 ** 14 + 1))
  })
  test('groups without a difference do not matter', () => {
    expect(signFlip([...maize, 0, 0, 0], 1)).toBe(signFlip(maize, 1))
    expect(signFlip([0, 0], 1)).toBe(1)
  })
})

describe('Holm', () => {
  // The worked example of pingouin's `holm`.
  test('as published', () => {
    const adjusted = holm([0.5, 0.003, 0.32, 0.054, 0.0003])
    for (const [index, value] of [0.64, 0.012, 0.64, 0.162, 0.0015].entries())
      expect(adjusted[index]).toBeCloseTo(value, 12)
  })
  test('one comparison needs none', () => expect(holm([0.04])).toEqual([0.04]))
})

describe('retention', () => {
  test.each([
    [{ low: -0.04, high: 0.02 }, 'kept'],
    [{ low: -0.07, high: 0.02 }, 'inconclusive'],
    [{ low: -0.12, high: -0.06 }, 'lost'],
    [null, 'inconclusive'],
  ])('%j is %s', (interval, verdict) => expect(retentionResult(interval)).toBe(verdict))
})

describe('two-way table', () => {
  const single = (rows: readonly (readonly number[])[]) => ({
    sizes: rows.map(() => 1),
    right: rows[0]!.map((_, seed) => rows.map((row) => row[seed]!)),
  })
  test('mean squares as published: Shrout and Fleiss (1979), table 2', () => {
    const ratings = [
      [9, 2, 5, 8],
      [6, 1, 3, 2],
      [8, 4, 6, 8],
      [7, 1, 2, 6],
      [10, 5, 6, 9],
      [6, 2, 4, 7],
    ]
    const table = twoWay(single(ratings))
    expect(table.betweenGroups).toBeCloseTo(11.24, 2)
    expect(table.betweenSeeds).toBeCloseTo(32.49, 2)
    expect(table.residual).toBeCloseTo(1.02, 2)
  })
  test('a group counts by its items', () => {
    const { share, seedShares, groupValues } = twoWay({
      sizes: [1, 3],
      right: [
        [1, 0],
        [1, 3],
      ],
    })
    expect(share).toBeCloseTo(5 / 8)
    expect([...seedShares]).toEqual([1 / 4, 1])
    expect((groupValues[0]! + groupValues[1]!) / 2).toBeCloseTo(share)
  })
})

describe('the margin', () => {
  /** Seven groups and three seeds whose parts of the variance are as given. */
  const of = (ofGroups: number, ofSeeds: number, residual = 0) => {
    const table = twoWay({
      sizes: new Array<number>(7).fill(1),
      right: [0, 1, 2].map(() => new Array<number>(7).fill(0)),
    })
    const groups = { variance: ofGroups + residual, degreesOfFreedom: 6 }
    return margin(groups, [{ ...table, betweenSeeds: 21 * ofSeeds, residual: 21 * residual }])
  }
  test.each([
    ['of groups alone: Student’s t of 6', 0.01, 0, 2.4469],
    ['of seeds alone: Student’s t of 2', 0, 0.01, 4.3027],
    ['of both alike: Student’s t of 3, since 1/3 is the mean of 1/6 and 1/2', 0.005, 0.005, 3.1824],
  ])('%s', (_, ofGroups, ofSeeds, critical) => {
    expect(of(ofGroups, ofSeeds).critical).toBeCloseTo(critical, 4)
    expect(of(ofGroups, ofSeeds).standardError).toBeCloseTo(0.1, 12)
  })
  test('of nothing', () => expect(of(0, 0).standardError).toBe(0))
  test.each([0, 1e-8])('of seeds that agree by chance: what single answers leave to it (groups: %d)', (ofGroups) => {
    const { standardError, critical } = of(ofGroups, 0, 0.01)
    expect(standardError * critical).toBeCloseTo(0.1, 12)
  })
})

describe('over runs and items', () => {
  const sizes = [1, 1, 1, 1]
  /** Runs whose first arm alone is right, on the items given. */
  const pairs = (...runs: number[][]) =>
    runs.map(
      (right) =>
        [
          { sizes, right: [right] },
          { sizes, right: [[0, 0, 0, 0]] },
        ] as const,
    )
  test('of runs that agree it is Student’s t over items', () => {
    // Differences 1, 1, 1, 0 in each run: mean 0.75, standard error 0.25, t of 3 is 3.182, cut at 1.
    const { low, high } = overRunsAndItems(pairs([1, 1, 1, 0], [1, 1, 1, 0]))!
    expect(low).toBeCloseTo(0.75 - 3.1824 * 0.25, 4)
    expect(high).toBe(1)
  })
  test('of items that agree it is Student’s t over runs', () => {
    // Differences of all items 0, 0 and 1: mean 1/3, standard error 1/3, t of 2 is 4.303, cut at -1 and 1.
    expect(overRunsAndItems(pairs([0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]))).toEqual({ low: -1, high: 1 })
    const many = overRunsAndItems(
      pairs(...Array.from({ length: 10 }, (_, run) => new Array<number>(4).fill(Number(run < 5)))),
    )!
    expect(many.low).toBeCloseTo(0.5 - (2.2622 * Math.sqrt(10 / 36)) / Math.sqrt(10), 4)
  })
  test('one run, and runs that differ in nothing, have none', () => {
    expect(overRunsAndItems(pairs([1, 0, 1, 0]))).toBeNull()
    expect(overRunsAndItems(pairs([0, 0, 0, 0], [0, 0, 0, 0]))).toBeNull()
  })
})

describe('arms', () => {
  const right = (pattern: string) => [...pattern].map(Number)
  const sizes = new Array<number>(12).fill(1)
  const one = { sizes, right: [right('111111100000'), right('111111000000'), right('111111110001')] }
  const other = { sizes, right: [right('110011100000'), right('111100000000'), right('111101100000')] }

  test('one seed of single items is Wilson’s', () => {
    const sizes = new Array<number>(263).fill(1)
    const { interval } = armMean({ sizes, right: [sizes.map((_, index) => Number(index < 81))] })
    expect(interval).toEqual(wilson(81, 263))
  })
  test('one seed of items in pairs that agree is Wilson’s of half as many, nearly', () => {
    const sizes = new Array<number>(131).fill(2)
    const { interval } = armMean({ sizes, right: [sizes.map((_, index) => (index < 40 ? 2 : 0))] })
    expect(interval!.low).toBeCloseTo(wilson(40, 131)!.low, 2)
    expect(interval!.high).toBeCloseTo(wilson(40, 131)!.high, 2)
  })
  test('all right or all wrong still has an interval, over groups', () => {
    const { interval } = armMean({ sizes: [2, 2, 2], right: [[2, 2, 2]] })
    expect(interval).toEqual({ low: expect.closeTo(0.4385, 3), high: 1 })
  })
  test('items of a group count as one draw', () => {
    const many = { sizes: new Array<number>(60).fill(1), right: [Array.from({ length: 60 }, (_, item) => item % 2)] }
    const few = {
      sizes: new Array<number>(12).fill(5),
      right: [Array.from({ length: 12 }, (_, group) => 5 * (group % 2))],
    }
    const width = ({ interval }: ReturnType<typeof armMean>) => interval!.high - interval!.low
    expect(width(armMean(few))).toBeGreaterThan(1.8 * width(armMean(many)))
  })
  test('of three adapters it is Wilson’s of as many single answers, drawn out by Student’s t', () => {
    // 40 groups are always right, 40 never: all variance is theirs, 0.25 / 79, known with 79 degrees of freedom (kurtosis 1).
    const sizes = new Array<number>(80).fill(1)
    const answers = sizes.map((_, index) => index % 2)
    const { interval } = armMean({ sizes, right: [answers, answers, answers] })
    const single = 79
    const spread = (1.99045 * Math.sqrt(0.25 / single + 3.8415 / (4 * single ** 2))) / (1 + 3.8415 / single)
    expect(interval!.high).toBeCloseTo(0.5 + spread, 5)
    expect(interval!.low).toBeCloseTo(0.5 - spread, 5)
  })
  test('a few groups that make all the variance tell less of it', () => {
    const share = (groups: number, right: number) => {
      const sizes = new Array<number>(groups).fill(1)
      const answers = sizes.map((_, index) => Number(index < right))
      const { value, interval } = armMean({ sizes, right: [answers, answers, answers] })
      const plain = wilson(right, groups)!
      return (interval!.high - interval!.low) / (plain.high - plain.low) / (value > 0 ? 1 : Number.NaN)
    }
    // One right group of 60: kurtosis 58.02, so 2 x 60 / (58.02 - 57 / 59) = 2.1 degrees of freedom; thirty: 59.
    expect(share(60, 30)).toBeCloseTo(2.001 / 1.96, 1)
    expect(share(60, 3)).toBeGreaterThan(1.2)
    expect(share(60, 3)).toBeLessThan(share(60, 2))
  })
  test('seeds that disagree widen the interval', () => {
    const apart = { sizes, right: [right('111111111110'), right('111111000000'), right('110000000000')] }
    const width = ({ interval }: ReturnType<typeof armMean>) => interval!.high - interval!.low
    expect(width(armMean(apart))).toBeGreaterThan(width(armMean(one)))
  })
  test('a difference is paired on items, and mirrors', () => {
    const there = armDifference(one, other)
    const back = armDifference(other, one)
    expect(there.value).toBeCloseTo(armMean(one).value - armMean(other).value, 12)
    expect(back.interval!.low).toBeCloseTo(-there.interval!.high, 12)
    expect(there.byGroup.reduce((sum, group) => sum + group, 0) / 12).toBeCloseTo(there.value, 12)
  })
  test('arms that nothing tells apart still have an interval with a width', () => {
    const { value, interval } = armDifference(one, one)
    expect(value).toBe(0)
    expect(interval!.low).toBeLessThan(0)
    const same = { sizes, right: [right('111111000000')] }
    expect(armDifference(same, same).interval!.high).toBeGreaterThan(0.01)
  })
  test('an arm that wins every item has an interval that says so', () => {
    const all = { sizes, right: [sizes.map(() => 1)] }
    const none = { sizes, right: [sizes.map(() => 0)] }
    const { value, interval } = armDifference(all, none)
    expect(value).toBe(1)
    expect(interval!.low).toBeGreaterThan(0.5)
    expect(interval!.low).toBeLessThan(1)
    expect(interval!.high).toBe(1)
  })
  test('a difference lies in its interval, whatever the answers', () => {
    const answers = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 2, maxLength: 40 })
    fc.assert(
      fc.property(answers, (pairs) => {
        const sizes = pairs.map(() => 1)
        const [first, second] = [0, 1].map((arm) => ({ sizes, right: [pairs.map((pair) => Number(pair[arm]))] }))
        const { value, interval } = armDifference(first!, second!)
        expect(interval!.low).toBeLessThanOrEqual(value + 1e-9)
        expect(interval!.high).toBeGreaterThanOrEqual(value - 1e-9)
        expect(interval!.high - interval!.low).toBeGreaterThan(0)
      }),
    )
  })
  test('one group tells nothing', () => expect(armMean({ sizes: [3], right: [[2]] }).interval).toBeNull())
})

describe('the worked examples at the heads of the files', () => {
  const table = {
    sizes: [1, 1, 1, 1, 1],
    right: [
      [1, 1, 1, 0, 0],
      [1, 1, 0, 0, 0],
    ],
  }
  const near = (value: number) => expect.closeTo(value, 3)

  test('intervals.ts: Wilson’s', () => expect(wilson(3, 4)).toEqual({ low: near(0.301), high: near(0.954) }))
  test('two-way.ts: mean squares and margin', () => {
    const found = twoWay(table)
    expect(found).toMatchObject({ share: 0.5, betweenGroups: near(0.5), betweenSeeds: near(0.1), residual: near(0.1) })
    expect([...found.groupValues, ...found.seedShares]).toEqual([1, 1, 0.5, 0, 0, 0.6, 0.4])
    const { standardError, critical } = margin({ variance: 0.05, degreesOfFreedom: 4 }, [found])
    expect(standardError).toBeCloseTo(0.224, 3)
    expect(critical).toBeCloseTo(studentCritical(3.4), 9)
  })
  test('share.ts: an arm', () => expect(armMean(table)).toMatchObject({ value: 0.5, interval: { low: 0, high: 1 } }))
  test('differences.ts: Newcombe’s', () => {
    const pairs = { both: 40, gained: 12, lost: 4, neither: 4 }
    expect(newcombePaired(pairs)).toEqual({ low: near(0), high: near(0.264) })
  })
  test('significance.ts: McNemar and sign flips', () => {
    expect(mcNemar(6, 1)).toBeCloseTo(0.125, 12)
    expect(signFlip([1, 1, 1, -1], 1)).toBe(10 / 16)
  })
  test('over-runs.ts: three runs', () => {
    const found = overRuns([0.02, 0.04, 0.09], { low: -1, high: 1 })!
    expect(found).toMatchObject({
      mean: near(0.05),
      sd: near(0.036),
      interval: { low: near(-0.0396), high: near(0.1396) },
    })
    expect(pOverRuns(found)).toBeCloseTo(0.138, 3)
  })
  test('resampling.ts: strata', () => {
    const items = (right: number, total: number) => ({
      sizes: new Array<number>(total).fill(1),
      right: Array.from({ length: total }, (_, index) => Number(index < right)),
    })
    const [first, second] = [
      { a: items(30, 40), b: items(5, 10) },
      { a: items(30, 50), b: items(25, 50) },
    ]
    const found = stratifiedDifference(first, second, { resamples: minResamples, seed: 1 })
    expect(found).toMatchObject({ items: [50, 100], value: near(0.075) })
  })
})
