import type { Interval } from './interval.ts'
import { margin } from './margin.ts'
import { normalCritical } from './quantile.ts'
import { type Grouped, type TwoWay, twoWay } from './two-way.ts'
import { scoreInterval, wilson } from './wilson.ts'

/** An arm's accuracy, averaged over its adapters, with an interval over what was drawn. */
export type Mean = { value: number; perSeed: number[]; interval: Interval | null }

/**
 * The accuracy expected of an arm over training seeds and over items like these; with one seed the interval is over items alone, of
 * this adapter. Variance components of groups and seeds (`twoWay`) on Wilson's scale, where an interval stays inside 0 to 1. Where all
 * groups tell the same, it is Wilson's over groups; of one adapter it is Wilson's over items that stand alone, and never narrower than
 * that: groups that differ little by chance are worth no more than their items (Korn and Graubard 1998, Survey Methodology 24,
 * 193-201). Null interval: fewer than two groups. Why no percentile bootstrap: docs/decisions/004.
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
  const half = margin(betweenGroups / (groups * seeds), [table])
  const reach = half === 0 ? normalCritical() / Math.sqrt(groups) : half / Math.sqrt(share * (1 - share))
  return scoreInterval(share, seeds === 1 ? Math.max(reach, normalCritical() / Math.sqrt(items)) : reach)
}
