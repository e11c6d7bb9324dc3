import type { Interval } from './interval.ts'
import { groupPart, margin, seedlessCritical, seedPart } from './margin.ts'
import { type Grouped, type TwoWay, twoWay } from './two-way.ts'
import { wilson } from './wilson.ts'

/** An arm's accuracy, averaged over its adapters, with an interval over what was drawn. */
export type Mean = { value: number; perSeed: number[]; interval: Interval | null }

/**
 * The accuracy expected of an arm over training seeds and over items like these; with one seed the interval is over items alone, of
 * this adapter. Variance components of groups and seeds (`twoWay`), on the scale of the log odds, where an interval stays inside 0 to
 * 1. Wilson's for one adapter on single items, and over groups where everything or nothing is right. Null interval: fewer than two
 * groups. Why no percentile bootstrap: docs/decisions/004.
 */
export function armMean(grouped: Grouped): Mean {
  const table = twoWay(grouped)
  const { share, groups } = table
  return { value: share, perSeed: [...table.seedShares], interval: groups < 2 ? null : intervalOf(grouped, table) }
}

function intervalOf({ sizes }: Grouped, table: TwoWay): Interval | null {
  const { share, groups, seeds, betweenGroups } = table
  let items = 0
  for (let group = 0; group < groups; group++) items += sizes[group]!
  if (seeds === 1 && groups === items) return wilson(Math.round(share * items), items)
  if (share <= 0 || share >= 1) return wilson(share >= 1 ? groups : 0, groups)
  const variance = betweenGroups / (groups * seeds)
  const spread = share * (1 - share)
  const least = seedlessCritical * Math.sqrt(spread / (items * seeds))
  const half = margin([groupPart(variance, groups, [table]), seedPart([table], variance)])
  const [centre, reach] = [Math.log(share / (1 - share)), Math.max(least, half) / spread]
  return { low: logistic(centre - reach), high: logistic(centre + reach) }
}

const logistic = (value: number) => 1 / (1 + Math.exp(-value))
