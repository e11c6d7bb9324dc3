import { bundleFiles } from '../manifest.ts'
import { JournalLine } from '../records.ts'
import { type Check, messagePlace } from './check.ts'

/** The prompt files that decisions name, and the planner's messages as they were sent. */
export const promptsCheck: Check = {
  name: 'prompts',
  what: "the planner's prompt files and messages",
  async run({ facts, bundle }, ledger) {
    for (const decision of facts.decisions) {
      for (const [name, hash] of Object.entries(decision.payload.promptHashes ?? {})) {
        const file = bundleFiles.prompt(name)
        ledger.same(messagePlace('decision', decision, `promptHashes.${name}`), hash, bundle.files.get(file)?.sha256)
      }
    }
    for await (const { key, value } of bundle.lines(bundleFiles.journal('plan-journal'), JournalLine)) {
      const place = `${bundleFiles.journal('plan-journal')}, ${key}`
      if (value.prompt) ledger.same(`${place}: promptHash`, value.promptHash, value.prompt.sha256)
      else ledger.leave("this run kept the hashes of the planner's messages alone")
    }
  },
}
