import { z } from 'zod'
import type { Kv } from '../../../bus/mod.ts'
import { Sha256 } from '../../../schemas/ids.ts'
import { Reply } from '../teacher/request.ts'
import type { Teacher } from '../teacher/teacher.ts'
import { type Call, promptHashOf } from './call.ts'
import type { Ownership } from './ownership.ts'

/** A paid reply; written before it is used, and never changed. */
export const JournalEntry = z.object({ promptHash: Sha256, reply: Reply })
export type JournalEntry = z.infer<typeof JournalEntry>

export type Journal = {
  call: Call
  /** Tokens of all replies taken, from the journal or fresh. */
  tokens(): { inputTokens: number; outputTokens: number }
}

/**
 * The calls of one piece of work, each read from the journal before it is paid. Only work that had an owner before has entries to
 * read; they are listed once.
 */
export async function openJournal(
  kv: Kv<JournalEntry>,
  { key, ownership, teacher, signal }: { key: string; ownership: Ownership; teacher: Teacher; signal: AbortSignal },
): Promise<Journal> {
  const before = new Set(ownership.epoch > 1 ? await kv.keys(`${key}.*`) : [])
  const tokens = { inputTokens: 0, outputTokens: 0 }
  const take = (entry: JournalEntry) => {
    tokens.inputTokens += entry.reply.inputTokens
    tokens.outputTokens += entry.reply.outputTokens
    return entry
  }

  const call: Call = async (name, request) => {
    const promptHash = promptHashOf(teacher.model, request)
    const entryKey = `${key}.${name}-${promptHash.slice(0, 32)}`
    const held = before.has(entryKey) ? await kv.get(entryKey) : null
    if (held) return take(held.value)
    const answer = await teacher.ask(request, ownership.purse, signal)
    if (!answer.ok) return { promptHash, failure: answer }
    const entry = { promptHash, reply: answer.reply }
    // An owner before this one may have written its reply late: the first one counts, for everybody.
    if ((await kv.create(entryKey, entry)) !== 'exists') return take(entry)
    return take((await kv.get(entryKey))?.value ?? entry)
  }
  return { call, tokens: () => ({ ...tokens }) }
}
