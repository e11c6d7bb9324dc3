import type { StoredEntry } from '../bus/mod.ts'
import type { PayloadOf } from '../schemas/message.ts'
import type { MessageName, Registry } from '../schemas/registry.ts'
import type { UsageLine } from '../schemas/usage.ts'

/** A message of the log that could be read. */
export type ReadEntry = { [N in MessageName]: { name: N; payload: PayloadOf<Registry[N]> } }[MessageName] &
  Omit<StoredEntry, 'name' | 'payload'>

export const isReadEntry = (entry: StoredEntry): entry is ReadEntry => entry.parseError === undefined

/**
 * What a message adds to what its run has spent on models; over all messages, each once, that is what the run has spent. A verdict repeats
 * what the batches of its round have spent, so of it the critic's calls alone count.
 */
export function usageOfEntry(entry: ReadEntry): readonly UsageLine[] {
  switch (entry.name) {
    case 'batch':
    case 'decision':
      return entry.payload.spent?.lines ?? []
    case 'verdict':
      return entry.payload.spent.lines?.filter(({ role }) => role === 'critic') ?? []
    default:
      return []
  }
}
