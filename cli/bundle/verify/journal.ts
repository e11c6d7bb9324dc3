import { sha256 } from '../../../schemas/hash.ts'
import { Row } from '../../../schemas/row.ts'
import { bundleFiles, type JournalBucket, journalBuckets } from '../manifest.ts'
import { JournalLine } from '../records.ts'
import { type Check, has } from './check.ts'
import { lastVerdicts } from './datasets-of.ts'

/** Every row of a teacher, and every verdict of a judge, against the replies that the journals hold. */
export const journal: Check = {
  name: 'journal',
  what: 'prompts and replies of every row',
  async run(evidence, ledger) {
    const { bundle, facts } = evidence
    const said = new Map<JournalBucket, Set<string>>()
    for (const bucket of journalBuckets) {
      const replies = new Set<string>()
      for await (const { key, value } of bundle.lines(bundleFiles.journal(bucket), JournalLine)) {
        const place = `${bundleFiles.journal(bucket)}, ${key}`
        ledger.same(`${place}: promptHash`, value.promptHash.slice(0, 32), key.slice(-32))
        if ('reply' in value) replies.add(`${value.promptHash} ${sha256(value.reply.text)}`)
      }
      said.set(bucket, replies)
    }
    for (const { dataset, attempt } of lastVerdicts(facts)) {
      if (!has(evidence, dataset, ledger)) continue
      for await (const { id, origin } of bundle.lines(bundleFiles.object(dataset.sha256), Row)) {
        const place = `${bundleFiles.object(dataset.sha256)} (attempt ${attempt}), row ${id}`
        const find = (bucket: JournalBucket, by: { promptHash: string; replyHash: string }) =>
          said.get(bucket)!.has(`${by.promptHash} ${by.replyHash}`)
        if (origin.teacher) ledger.same(`${place}: its reply is in the journal`, true, find('journal', origin.teacher))
        if (origin.judge) ledger.same(`${place}: its judge's is`, true, find('check-journal', origin.judge))
      }
    }
  },
}
