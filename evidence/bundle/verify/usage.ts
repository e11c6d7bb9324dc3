import { spentOn } from '../../../schemas/spent.ts'
import type { Spent } from '../../../schemas/usage.ts'
import { type Check, messagePlace } from './check.ts'

/** What was spent, and on whom: lines add up to their totals and name the run's models, and so do decisions. */
export const usageCheck: Check = {
  name: 'usage',
  what: 'calls and tokens by role and model',
  async run({ facts, config: { models } }, ledger) {
    const spendings = [
      ...facts.decisions.map((recorded) => ({ recorded, name: 'decision' })),
      ...facts.batches.map((recorded) => ({ recorded, name: 'batch' })),
      ...facts.verdicts.map((recorded) => ({ recorded, name: 'verdict' })),
    ]
    for (const { recorded, name } of spendings) {
      const { lines, ...totals }: Partial<Spent> = recorded.payload.spent ?? {}
      if (!lines) continue
      const { lines: _same, ...due } = spentOn(lines)
      ledger.same(messagePlace(name, recorded, 'spent, by its lines'), totals, due)
      for (const [index, { role, model }] of lines.entries())
        ledger.same(messagePlace(name, recorded, `spent.lines[${index}].model`), model, models[role] ?? model)
    }
    for (const recorded of facts.decisions) {
      const { model } = recorded.payload
      if (model !== null) ledger.same(messagePlace('decision', recorded, 'model'), model, models.planner ?? model)
    }
  },
}
