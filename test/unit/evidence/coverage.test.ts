import { describe, expect, test } from 'vitest'
import { differenceCoverage, falseGains, meanCoverage, percentileBootstrap } from '../../support/simulated-runs.ts'
import type { World } from '../../support/simulated-students.ts'

/**
 * The small version of `npm run simulate`, whose tables are in docs/intervals.md. Bounds are the figures asked for, 93 to 97 %, widened by
 * two standard errors of 600 runs (1.6 points).
 */
const runs = 600
const [least, most] = [0.93 - 0.016, 0.97 + 0.016]
const world: World = { items: 180, accuracy: 0.3, deviation: 0.04, shared: 0.8, groupSize: 1, seeds: 'even' }

describe('95 % intervals of simulated students', () => {
  test.each([
    ['three seeds', world, 3],
    ['five seeds', world, 5],
    ['seeds that do not matter', { ...world, deviation: 0 }, 3],
    ['few items near nothing', { ...world, items: 60, accuracy: 0.05, deviation: 0.02 }, 3],
    ['items near everything', { ...world, accuracy: 0.95, deviation: 0.02 }, 3],
    ['items in groups of three', { ...world, groupSize: 3 }, 3],
  ])('hold an arm’s accuracy: %s', (_, world, seeds) => {
    const held = meanCoverage(world, seeds, runs)
    expect(held).toBeGreaterThan(least)
    expect(held).toBeLessThan(most)
  })

  test('hold the difference of two arms', () => {
    const held = differenceCoverage(world, 0.05, 3, runs)
    expect(held).toBeGreaterThan(least)
    expect(held).toBeLessThan(most)
  })

  test('with one seed, or by a percentile bootstrap where seeds decide, they do not', () => {
    expect(meanCoverage(world, 1, runs)).toBeLessThan(0.9)
    const decisive = { ...world, accuracy: 0.05, deviation: 0.06 }
    expect(meanCoverage(decisive, 3, 200, percentileBootstrap)).toBeLessThan(meanCoverage(decisive, 3, 200))
  })
})

test('of ten equal datasets the chosen one is called better than the control in at most 6 % of runs', () => {
  const gains = falseGains({ ...world, items: 436 }, 144, { datasets: 10, seeds: 3, runs: 300 })
  expect(gains.freshSeeds).toBeLessThanOrEqual(0.06)
  expect(gains.searchOnValidation).toBeGreaterThan(3 * gains.freshSeeds)
})
