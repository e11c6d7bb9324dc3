import { bundleFiles, itemTables } from '../manifest.ts'
import { ItemLine, itemTable } from '../records.ts'
import type { Check } from './check.ts'

/** The item tables against the log: which items, in which order, and what each student model made of them. */
export const itemsCheck: Check = {
  name: 'items',
  what: 'the items, their order and their outcomes',
  async run({ bundle, facts }, ledger) {
    for (const evalSet of itemTables) {
      const file = bundleFiles.items(evalSet)
      const recorded = await Array.fromAsync(bundle.lines(file, ItemLine))
      const due = itemTable(facts, evalSet)
      ledger.same(`${file}: items`, recorded.length, due.length)
      for (const [index, line] of due.entries()) {
        const { outcomes, ...item } = line
        const { outcomes: recordedOutcomes = {}, ...recordedItem } = recorded[index] ?? {}
        ledger.same(`${file}, line ${index + 1}`, recordedItem, item)
        for (const studentModel of new Set([...Object.keys(outcomes), ...Object.keys(recordedOutcomes)])) {
          const place = `${file}, line ${index + 1} (${item.id}): outcomes.${studentModel}`
          ledger.same(place, recordedOutcomes[studentModel], outcomes[studentModel])
        }
      }
    }
  },
}
