import type { ItemOutcome } from '../../../schemas/score.ts'

/** Items as they are drawn: those of one group together, one without a group alone. */
export const inGroups = <T extends Pick<ItemOutcome, 'id' | 'group'>>(items: readonly T[]): T[][] => [
  ...Map.groupBy(items, ({ id, group }) => group ?? id).values(),
]
