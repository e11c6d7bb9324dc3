import { type Spent, spentOn } from '../../../schemas/usage.ts'
import { type Check, messagePlace } from './check.ts'

/** What was spent, and on whom: lines add up to their totals and name the run's models, and so do decisions. */
export const usage: Check = {
  name: 'usage',
  what: 'calls and tokens by role and model',
  async run({ facts, config: { models } }, ledger) {
    const spendings = [
      ...facts.decisions.map((said) => ({ said, name: 'decision' })),
      ...facts.batches.map((said) => ({ said, name: 'batch' })),
      ...facts.verdicts.map((said) => ({ said, name: 'verdict' })),
    ]
    for (const { said, name } of spendings) {
      const { lines, ...totals }: Partial<Spent> = said.payload.spent ?? {}
      if (!lines) continue
      const { lines: _same, ...due } = spentOn(lines)
      ledger.same(messagePlace(name, said, 'spent, by its lines'), totals, due)
      for (const [index, { role, model }] of lines.entries())
        ledger.same(messagePlace(name, said, `spent.lines[${index}].model`), model, models[role] ?? model)
    }
    for (const said of facts.decisions) {
      const { model } = said.payload
      if (model !== null) ledger.same(messagePlace('decision', said, 'model'), model, models.planner ?? model)
    }
  },
}
