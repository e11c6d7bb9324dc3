import type { ItemOutcome } from '../../schemas/score.ts'
import type { RunFacts } from '../report/mod.ts'
import type { ItemTable } from './manifest.ts'
import type { ItemLine } from './records.ts'

type Answered = { studentModel: string; items: readonly ItemOutcome[] }

/** What every candidate had right, item by item, from the log. Where a guard kept a score back, the items are those it showed. */
export function itemTable(facts: RunFacts, evalSet: ItemTable): ItemLine[] {
  return linesOf(
    evalSet === 'validation'
      ? facts.reports.map(({ payload }) => ({ studentModel: payload.studentModel.name, items: payload.items }))
      : (facts.finalEval[0]?.payload.results ?? [])
          .filter((result) => result.evalSet === evalSet)
          .map(({ studentModel, items }) => ({ studentModel: studentModel.name, items })),
  )
}

function linesOf(answered: readonly Answered[]): ItemLine[] {
  const lines = new Map<string, ItemLine>()
  for (const { studentModel, items } of answered) {
    for (const { id, part, skill, group, ...outcome } of items) {
      const line = lines.get(id) ?? { id, part, skill, ...(group && { group }), outcomes: {} }
      line.outcomes[studentModel] = outcome
      lines.set(id, line)
    }
  }
  return [...lines.values()]
}
