import { around, differencesOfShares, type Interval } from './interval.ts'
import { margin } from './margin.ts'
import { newcombePaired, type Pairs } from './newcombe.ts'
import { type Grouped, perSeed, twoWay } from './two-way.ts'

/** The accuracy of one arm minus another's on the same items, each averaged over its adapters. */
export type Difference = {
  value: number
  interval: Interval | null
  /** By group, averaged over seeds and summed over the group's items: what a sign-flip test flips. */
  byGroup: number[]
}

/**
 * The difference expected over training seeds and over items like these: paired on groups of items, unpaired on seeds. As `armMean`,
 * on the plain scale, where Student's t holds although most items tell nothing apart: long tails on both sides make it too wide rather
 * than too narrow (Efron 1969, JASA 64, 1278-1302). Where all groups tell the same, Newcombe's over groups.
 */
export function armDifference(first: Grouped, second: Grouped): Difference {
  const [one, two] = [twoWay(first), twoWay(second)]
  const value = one.share - two.share
  const { groups } = one
  const byGroup = Array.from({ length: groups }, (_, group) => perSeed(first, group) - perSeed(second, group))
  if (groups < 2) return { value, interval: null, byGroup }
  let squares = 0
  for (let group = 0; group < groups; group++) {
    squares += (one.groupValues[group]! - two.groupValues[group]! - value) ** 2
  }
  const variance = squares / ((groups - 1) * groups)
  const { standardError, critical } = margin({ variance, degreesOfFreedom: groups - 1 }, [one, two])
  const reach = critical * standardError
  if (reach === 0) return { value, interval: newcombePaired(alike(one.share, two.share, groups)), byGroup }
  return { value, interval: around(value, reach, differencesOfShares), byGroup }
}

/** As many pairs as groups, which differ as two shares do. */
function alike(first: number, second: number, groups: number): Pairs {
  const [one, two] = [Math.round(first * groups), Math.round(second * groups)]
  const both = Math.min(one, two)
  return { both, gained: one - both, lost: two - both, neither: groups - Math.max(one, two) }
}
