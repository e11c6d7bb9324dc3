import { scoreSheet } from '../../../agents/evaluator/scorer/grading.ts'
import { type Check, messagePlace } from './check.ts'

/** The opened test and the audit: who sat them, and the sheets from the items. */
export const sealed: Check = {
  name: 'sealed',
  what: 'the frozen list, and the sheets of test and audit from their items',
  async run({ facts }, ledger) {
    for (const opened of facts.opened) {
      const { results } = opened.payload
      const place = (field: string) => messagePlace('opened', opened, field)
      const frozen = facts.openingRequests[0]?.payload.candidates.map(({ name }) => name) ?? []
      const sat = results.filter(({ paper }) => paper === 'test').map(({ candidate }) => candidate.name)
      ledger.same(place('results: who sat the test'), sat.toSorted(), frozen.toSorted())
      for (const { candidate, paper, sheet, items } of results) {
        if (items.length === 0) ledger.leave(`the items of ${candidate.name} on the ${paper} are not in the log`)
        else ledger.same(place(`sheet of ${candidate.name} on the ${paper}`), sheet, scoreSheet(items))
      }
    }
  },
}
