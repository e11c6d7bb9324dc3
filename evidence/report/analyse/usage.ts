import { moneyOf, spentTogether } from '../../../schemas/spent.ts'
import type { Prices, Spent } from '../../../schemas/usage.ts'
import type { RunFacts } from '../facts/run-facts.ts'
import type { ReportData } from '../report-data.ts'

/**
 * What generators and critics asked of teachers, each round once: its verdict says what all of them spent on it, and until there is
 * one its batches say what the generators did.
 */
export function spentOnRows(facts: RunFacts): Spent {
  const closed = new Map(facts.verdicts.map(({ payload }) => [`${payload.attempt}.${payload.round}`, payload.spent]))
  const open = facts.batches.filter(({ payload }) => !closed.has(`${payload.attempt}.${payload.round}`))
  const shards = new Map(
    open.map(({ payload }) => [`${payload.attempt}.${payload.round}.${payload.shard}`, payload.spent]),
  )
  return spentTogether([...closed.values(), ...shards.values()])
}

/** What the planner's own model was asked, each decision once. */
export function spentOnDecisions(facts: RunFacts): Spent {
  return spentTogether([...new Map(facts.decisions.map(({ payload }) => [payload.attempt, payload.spent])).values()])
}

/** What the evaluator's analyst asked, each student model once. */
function spentOnAnalyses(facts: RunFacts): Spent {
  return spentTogether([
    ...new Map(facts.reports.map(({ payload }) => [payload.studentModel.name, payload.analysis?.spent])).values(),
  ])
}

/** What was spent on all models. */
export const spentOnAllModels = (facts: RunFacts): Spent =>
  spentTogether([spentOnRows(facts), spentOnDecisions(facts), spentOnAnalyses(facts)])

/** Each role, model, endpoint and stage with its money; null where the model has no price. */
export function pricedLines({ lines = [] }: Spent, prices: Prices): ReportData['budget']['usage'] {
  return lines.map((line) => ({ ...line, money: moneyOf({ ...line, lines: [line] }, prices) }))
}
