import { assignSplits, type Division, type Role, type SplitPlan } from './assign-splits.ts'
import type { ItemTable, ItemText } from './item-table.ts'

/** The pairs of texts that repeat each other across sides, not within one. */
export type Overlaps = (sides: readonly (readonly ItemText[])[]) => { earlier: ItemText; later: ItemText }[]

/** Roles that share no question with another; examples and seeds may be alike. */
const sides: readonly (readonly Role[])[] = [['validation'], ['test'], ['audit'], ['example', 'seed']]

/**
 * Divides items as `assignSplits` does, and again with near-duplicates that were parted as one group, until none is: each time fewer
 * groups are left.
 */
export function divideApart(table: ItemTable, plan: SplitPlan, overlaps: Overlaps | undefined): Division {
  for (;;) {
    const division = assignSplits(table, plan)
    const { texts } = table
    if (texts === undefined || overlaps === undefined) return division
    const roles = [...division.roles()]
    const parted = overlaps(
      sides.map((side) => texts.flatMap((text, place) => (text && side.includes(roles[place]!) ? text : []))),
    )
    if (parted.length === 0) return division
    for (const { earlier, later } of parted) table.join(earlier.key, later.key)
  }
}
