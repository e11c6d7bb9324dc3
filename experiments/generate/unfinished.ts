import { JournalEntry, lostCalls, usageOf } from '../../agents/kit/paid/journal.ts'
import { PaidRecord } from '../../agents/kit/paid/ownership.ts'
import type { Bus } from '../../bus/mod.ts'
import { roundKey } from '../../schemas/messages/generation.ts'
import { type Spent, spentOn, type UsageLine } from '../../schemas/usage.ts'

const payers = [
  { role: 'generator', records: 'shards', journal: 'journal' },
  { role: 'critic', records: 'checks', journal: 'check-journal' },
] as const

/**
 * The paid work of a round that did not finish: how many replies it was given, of which no row is made yet (whoever goes on finds
 * them in the journals), and everything spent on it. Calls that were reserved and have no entry count as lost. `models` names
 * each role's model.
 */
export async function unfinishedWork(
  bus: Bus,
  { runId, attempt, round }: { runId: string; attempt: number; round: number },
  models: Readonly<Record<(typeof payers)[number]['role'], string>>,
): Promise<{ replies: number; spent: Spent }> {
  const lines: UsageLine[] = []
  let replies = 0
  for (const { role, records, journal } of payers) {
    const payer = { role, model: models[role] }
    const work = bus.kv(records, PaidRecord)
    const entries = bus.kv(journal, JournalEntry)
    for (const key of await work.keys(`${roundKey(runId, { attempt, round })}.*`)) {
      const record = (await work.get(key))?.value
      if (!record || record.result) continue
      let lost = record.reserved
      for (const name of await entries.keys(`${key}.*`)) {
        const entry = (await entries.get(name))?.value
        if (!entry) continue
        if ('reply' in entry) replies += 1
        lost -= entry.calls
        lines.push(usageOf(entry, { ...payer, stage: entry.stage ?? 'lost', calls: entry.calls }))
      }
      if (lost > 0) lines.push(lostCalls({ ...payer, calls: lost }))
    }
  }
  return { replies, spent: spentOn(lines) }
}
