import { JournalEntry } from '../../agents/kit/paid/journal.ts'
import { PaidRecord } from '../../agents/kit/paid/ownership.ts'
import type { Bus } from '../../bus/mod.ts'

const buckets = [
  ['shards', 'journal'],
  ['checks', 'check-journal'],
] as const

/** Replies that shards of a round were given and which did not finish: no row is made of them yet, and whoever goes on finds them in the journals. */
export async function keptReplies(bus: Bus, runId: string, attempt: number, round: number): Promise<number> {
  let replies = 0
  for (const [records, journal] of buckets) {
    const work = bus.kv(records, PaidRecord)
    const entries = bus.kv(journal, JournalEntry)
    for (const key of await work.keys(`${runId}.a${attempt}.r${round}.*`)) {
      if ((await work.get(key))?.value.result) continue
      for (const entry of await entries.keys(`${key}.*`)) {
        const held = await entries.get(entry)
        if (held && 'reply' in held.value) replies += 1
      }
    }
  }
  return replies
}
