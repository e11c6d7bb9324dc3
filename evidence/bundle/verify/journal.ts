import { StoredShard } from '../../../agents/critic/round-record.ts'
import type { JournalEntry } from '../../../agents/kit/metered/journal.ts'
import { sha256 } from '../../../schemas/hash.ts'
import { shardKey } from '../../../schemas/messages/generation.ts'
import { Row } from '../../../schemas/row.ts'
import type { UsageLine } from '../../../schemas/usage.ts'
import { lastVerdicts } from '../../report/mod.ts'
import { bundleFiles, type JournalBucket, journalBuckets } from '../manifest.ts'
import { JournalLine, RoundLine } from '../records.ts'
import { type BundleEvidence, type Check, has, messagePlace } from './check.ts'
import type { Ledger } from './ledger.ts'

/** Every row of a teacher, and every verdict of a judge, against the replies that the journals hold. */
export const journalCheck: Check = {
  name: 'journal',
  what: 'prompts, replies and tokens of every row',
  async run(evidence, ledger) {
    const { bundle, facts } = evidence
    const recorded = new Map<JournalBucket, Set<string>>()
    const kept: Kept = new Map()
    for (const bucket of journalBuckets) {
      const [keys, replies] = [new Set<string>(), new Set<string>()]
      for await (const { key, value } of bundle.lines(bundleFiles.journal(bucket), JournalLine)) {
        const place = `${bundleFiles.journal(bucket)}, ${key}`
        ledger.same(`${place}: lines`, keys.has(key) ? 2 : 1, 1)
        ledger.same(`${place}: its run`, key.split('.')[0], evidence.config.runId)
        keys.add(key)
        ledger.same(`${place}: promptHash`, value.promptHash.slice(0, 32), key.slice(-32))
        if ('reply' in value) replies.add(`${value.promptHash} ${sha256(value.reply.text)}`)
        const work = `${bucket} ${key.slice(0, key.lastIndexOf('.'))}`
        kept
          .set(work, kept.get(work) ?? [])
          .get(work)!
          .push(usageOf(value))
      }
      recorded.set(bucket, replies)
    }
    compareUsage(evidence, kept, ledger)
    await compareCheckUsage(evidence, kept, ledger)
    for (const { dataset, attempt } of lastVerdicts(facts).values()) {
      if (!has(evidence, dataset, ledger)) continue
      for await (const { id, origin } of bundle.lines(bundleFiles.object(dataset.sha256), Row)) {
        const place = `${bundleFiles.object(dataset.sha256)} (attempt ${attempt}), row ${id}`
        const find = (bucket: JournalBucket, by: { promptHash: string; replyHash: string }) =>
          recorded.get(bucket)!.has(`${by.promptHash} ${by.replyHash}`)
        if (origin.teacher) ledger.same(`${place}: its reply is in the journal`, true, find('journal', origin.teacher))
        if (origin.judge) ledger.same(`${place}: its judge's is`, true, find('check-journal', origin.judge))
      }
    }
  },
}

/** What was paid for each piece of work, call by call. */
type Kept = Map<string, Usage[]>
type Usage = Pick<UsageLine, 'endpoint' | 'stage' | 'calls' | 'inputTokens' | 'outputTokens'>

function usageOf(entry: JournalEntry): Usage {
  const { inputTokens = 0, outputTokens = 0 } = 'reply' in entry ? entry.reply : {}
  return { endpoint: entry.endpoint, stage: entry.stage, calls: entry.calls, inputTokens, outputTokens }
}

const sumOf = (usages: readonly Usage[], of: 'calls' | 'inputTokens' | 'outputTokens') =>
  usages.reduce((sum, usage) => sum + usage[of], 0)

const tokensByPlace = (usages: readonly Usage[]): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(usages, ({ stage, endpoint }) => `${stage} at ${endpoint}`)].map(([place, own]) => [
      place,
      sumOf(own, 'inputTokens') + sumOf(own, 'outputTokens'),
    ]),
  )

/** What shards and decisions say they spent is what their replies cost, and where. */
function compareUsage({ facts, config: { runId } }: BundleEvidence, kept: Kept, ledger: Ledger): void {
  for (const batch of facts.batches) {
    const { attempt, round, shard, spent } = batch.payload
    const own = kept.get(`journal ${shardKey(runId, { attempt, round }, shard)}`) ?? []
    const place = (field: string) => messagePlace('batch', batch, `spent.${field}`)
    const [calls, inputTokens, outputTokens] = [
      sumOf(own, 'calls'),
      sumOf(own, 'inputTokens'),
      sumOf(own, 'outputTokens'),
    ]
    // A call of a process that died has no entry, and a prompt that was asked twice has one.
    if (spent.calls > calls) {
      const isCovered = inputTokens <= spent.inputTokens && outputTokens <= spent.outputTokens
      ledger.same(place('inputTokens and outputTokens, no fewer than the journal has'), isCovered, true)
      continue
    }
    const { lines: _lines, ...totals } = spent
    ledger.same(messagePlace('batch', batch, 'spent'), totals, { calls, inputTokens, outputTokens })
    if (spent.lines) ledger.same(place('lines, by stage and host'), tokensByPlace(spent.lines), tokensByPlace(own))
  }
  for (const decision of facts.decisions) {
    const { attempt, operation, spent } = decision.payload
    if (!spent) continue
    const own = kept.get(`plan-journal ${runId}.a${attempt}.${operation}`) ?? []
    // A decision that was taken again after a crash may have asked otherwise: then the journal has more than it records.
    ledger.same(
      messagePlace('decision', decision, 'spent, of which the journal has the replies'),
      true,
      covers(own, spent),
    )
  }
}

const covers = (own: readonly Usage[], spent: Pick<Usage, 'inputTokens' | 'outputTokens'>): boolean =>
  spent.inputTokens <= sumOf(own, 'inputTokens') && spent.outputTokens <= sumOf(own, 'outputTokens')

/** The same of what models were paid to check a shard; a check made again after a crash may have asked for more than it records. */
async function compareCheckUsage({ bundle }: BundleEvidence, kept: Kept, ledger: Ledger): Promise<void> {
  for await (const { key, value } of bundle.lines(bundleFiles.rounds, RoundLine)) {
    for (const [index, { checked }] of Object.entries(value.done)) {
      const path = bundleFiles.object(checked.sha256)
      const spent = bundle.files.has(path) ? (await bundle.json(path, StoredShard)).spent : undefined
      const own = kept.get(`check-journal ${key}.s${index}`) ?? []
      if (spent) ledger.same(`${path}: spent, of which the journal has the replies`, true, covers(own, spent))
    }
  }
}
