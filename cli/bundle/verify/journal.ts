import { StoredShard } from '../../../agents/critic/round-record.ts'
import { sha256 } from '../../../schemas/hash.ts'
import { Row } from '../../../schemas/row.ts'
import { lastVerdicts } from '../../report/mod.ts'
import { bundleFiles, type JournalBucket, journalBuckets } from '../manifest.ts'
import { JournalLine, RoundLine } from '../records.ts'
import { type Check, type Evidence, has, messagePlace } from './check.ts'
import type { Ledger } from './ledger.ts'

/** Every row of a teacher, and every verdict of a judge, against the replies that the journals hold. */
export const journal: Check = {
  name: 'journal',
  what: 'prompts, replies and tokens of every row',
  async run(evidence, ledger) {
    const { bundle, facts } = evidence
    const said = new Map<JournalBucket, Set<string>>()
    const tokens: Tokens = new Map()
    for (const bucket of journalBuckets) {
      const [keys, replies] = [new Set<string>(), new Set<string>()]
      for await (const { key, value } of bundle.lines(bundleFiles.journal(bucket), JournalLine)) {
        const place = `${bundleFiles.journal(bucket)}, ${key}`
        ledger.same(`${place}: lines`, keys.has(key) ? 2 : 1, 1)
        ledger.same(`${place}: its run`, key.split('.')[0], evidence.config.runId)
        keys.add(key)
        ledger.same(`${place}: promptHash`, value.promptHash.slice(0, 32), key.slice(-32))
        if (!('reply' in value)) continue
        replies.add(`${value.promptHash} ${sha256(value.reply.text)}`)
        const work = `${bucket} ${key.slice(0, key.lastIndexOf('.'))}`
        const { inputTokens, outputTokens } = tokens.get(work) ?? none
        tokens.set(work, {
          inputTokens: inputTokens + value.reply.inputTokens,
          outputTokens: outputTokens + value.reply.outputTokens,
        })
      }
      said.set(bucket, replies)
    }
    compareTokens(evidence, tokens, ledger)
    await compareCheckTokens(evidence, tokens, ledger)
    for (const { dataset, attempt } of lastVerdicts(facts).values()) {
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

type Tokens = Map<string, { inputTokens: number; outputTokens: number }>
const none = { inputTokens: 0, outputTokens: 0 }

/** The tokens that shards and decisions say they spent are those of their replies. */
function compareTokens({ facts, config: { runId } }: Evidence, tokens: Tokens, ledger: Ledger): void {
  for (const batch of facts.batches) {
    const { attempt, round, shard, spent } = batch.payload
    const { inputTokens, outputTokens } = tokens.get(`journal ${runId}.a${attempt}.r${round}.s${shard}`) ?? none
    ledger.same(messagePlace('batch', batch, 'spent.inputTokens'), spent.inputTokens, inputTokens)
    ledger.same(messagePlace('batch', batch, 'spent.outputTokens'), spent.outputTokens, outputTokens)
  }
  for (const decision of facts.decisions) {
    const { attempt, operation, spent } = decision.payload
    if (!spent) continue
    const { inputTokens, outputTokens } = tokens.get(`plan-journal ${runId}.a${attempt}.${operation}`) ?? none
    // A decision that was taken again after a crash may have asked otherwise: then the journal has more than it tells.
    const isCovered = spent.inputTokens <= inputTokens && spent.outputTokens <= outputTokens
    ledger.same(messagePlace('decision', decision, 'spent, of which the journal has the replies'), true, isCovered)
  }
}

/** The same of what models were paid to check a shard; a check that was made again after a crash may have asked for more than it tells. */
async function compareCheckTokens({ bundle }: Evidence, tokens: Tokens, ledger: Ledger): Promise<void> {
  for await (const { key, value } of bundle.lines(bundleFiles.rounds, RoundLine)) {
    for (const [index, { checked }] of Object.entries(value.done)) {
      const path = bundleFiles.object(checked.sha256)
      const spent = bundle.files.has(path) ? (await bundle.json(path, StoredShard)).spent : undefined
      if (!spent) continue
      const { inputTokens, outputTokens } = tokens.get(`check-journal ${key}.s${index}`) ?? none
      const isCovered = spent.inputTokens <= inputTokens && spent.outputTokens <= outputTokens
      ledger.same(`${path}: spent, of which the journal has the replies`, true, isCovered)
    }
  }
}
