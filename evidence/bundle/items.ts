import type { ItemOutcome } from '../../schemas/score.ts'
import type { RunFacts } from '../report/mod.ts'
import type { ItemTable } from './manifest.ts'
import type { ItemLine } from './records.ts'

type Sat = { candidate: string; items: readonly ItemOutcome[] }

/** What every candidate had right, item by item, from the log. Where a guard kept a score back, the items are those it showed. */
export function itemTable(facts: RunFacts, paper: ItemTable): ItemLine[] {
  return linesOf(
    paper === 'validation'
      ? facts.reports.map(({ payload }) => ({ candidate: payload.candidate.name, items: payload.items }))
      : (facts.opened[0]?.payload.results ?? [])
          .filter((result) => result.paper === paper)
          .map(({ candidate, items }) => ({ candidate: candidate.name, items })),
  )
}

function linesOf(sat: readonly Sat[]): ItemLine[] {
  const lines = new Map<string, ItemLine>()
  for (const { candidate, items } of sat) {
    for (const { id, part, skill, group, ...outcome } of items) {
      const line = lines.get(id) ?? { id, part, skill, ...(group && { group }), outcomes: {} }
      line.outcomes[candidate] = outcome
      lines.set(id, line)
    }
  }
  return [...lines.values()]
}
