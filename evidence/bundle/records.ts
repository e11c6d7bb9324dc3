import { z } from 'zod'
import { RoundRecord } from '../../agents/critic/round-record.ts'
import { JournalEntry } from '../../agents/kit/metered/journal.ts'
import { ItemOutcome } from '../../schemas/score.ts'
import { EvalSetItem } from '../../schemas/sealed-results.ts'

/** A line of `log.jsonl`: a message as the bus held it. */
export const LogLine = z.object({
  seq: z.number().int().positive(),
  at: z.string(),
  name: z.string(),
  from: z.object({ role: z.string(), variant: z.string(), instance: z.string() }),
  to: z.object({ role: z.string(), variant: z.string() }).optional(),
  id: z.string(),
  cause: z.string().nullable(),
  payload: z.unknown(),
  parseError: z.string().optional(),
})
export type LogLine = z.infer<typeof LogLine>

/** A line of a journal: how one paid call ended. */
export const JournalLine = z.object({ key: z.string(), value: JournalEntry })
export type JournalLine = z.infer<typeof JournalLine>

/** A line of `rounds.jsonl`: which shards a round was closed with. */
export const RoundLine = z.object({ key: z.string(), value: RoundRecord })
export type RoundLine = z.infer<typeof RoundLine>

/** A line of `items/*.jsonl`: one item in the order of its paper, and what it was for every candidate. No question, no answer. */
export const ItemLine = EvalSetItem.extend({
  outcomes: z.record(z.string(), ItemOutcome.omit({ id: true, part: true, skill: true, group: true })),
})
export type ItemLine = z.infer<typeof ItemLine>
