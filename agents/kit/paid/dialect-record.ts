import { z } from 'zod'
import type { Bus } from '../../../bus/mod.ts'
import { sha256 } from '../../../schemas/hash.ts'
import { createDialect, type Dialect, type Words } from '../teacher/dialect.ts'
import type { Endpoint } from '../teacher/options.ts'

/** What an endpoint takes for a model, learned by one process and known to all; kept in KV. */
const DialectRecord = z.object({
  refused: z.array(z.string()),
  maxTokens: z.number().int().positive().optional(),
  context: z.object({ tokens: z.number().int(), more: z.number().int() }).optional(),
  at: z.iso.datetime(),
})

/** The words of an endpoint for a model, with what was learned of them in the last `dialectMs`. What is learned here is kept. */
export async function openDialect(
  bus: Pick<Bus, 'kv'>,
  { baseUrl }: Endpoint,
  { model, dialectMs, minReplyTokens }: { model: string; dialectMs: number; minReplyTokens: number },
): Promise<Dialect> {
  const records = bus.kv('dialects', DialectRecord)
  const key = sha256(`${baseUrl} ${model}`).slice(0, 32)
  const held = (await records.get(key))?.value
  const isFresh = held !== undefined && Date.now() - Date.parse(held.at) < dialectMs
  const keep = (words: Words) => {
    // Whoever does not hear of it learns it again, for one call.
    void records.put(key, { ...words, refused: [...words.refused], at: new Date().toISOString() }).catch(() => {})
  }
  return createDialect(isFresh ? held : null, keep, minReplyTokens)
}
