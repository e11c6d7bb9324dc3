import { itemTable } from '../items.ts'
import { bundleFiles, itemTables } from '../manifest.ts'
import { ItemLine } from '../records.ts'
import type { Check } from './check.ts'

/** The item tables against the log: which items, in which order, and what each candidate made of them. */
export const items: Check = {
  name: 'items',
  what: 'the items, their order and their outcomes',
  async run({ bundle, facts }, ledger) {
    for (const paper of itemTables) {
      const file = bundleFiles.items(paper)
      const said = await Array.fromAsync(bundle.lines(file, ItemLine))
      const due = itemTable(facts, paper)
      ledger.same(`${file}: items`, said.length, due.length)
      for (const [index, line] of due.entries()) {
        const { outcomes, ...item } = line
        const { outcomes: saidOutcomes = {}, ...saidItem } = said[index] ?? {}
        ledger.same(`${file}, line ${index + 1}`, saidItem, item)
        for (const candidate of new Set([...Object.keys(outcomes), ...Object.keys(saidOutcomes)])) {
          const place = `${file}, line ${index + 1} (${item.id}): outcomes.${candidate}`
          ledger.same(place, saidOutcomes[candidate], outcomes[candidate])
        }
      }
    }
  },
}
