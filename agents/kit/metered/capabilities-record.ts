import { z } from 'zod'
import type { Bus } from '../../../bus/mod.ts'
import { sha256 } from '../../../schemas/hash.ts'
import { createCapabilities, type EndpointCapabilities, type Words } from '../teacher/capabilities.ts'
import type { Endpoint } from '../teacher/options.ts'

/** What an endpoint takes for a model, learned by one process and known to all; kept in KV. */
const CapabilitiesRecord = z.object({
  refused: z.array(z.string()),
  maxTokens: z.number().int().positive().optional(),
  context: z.object({ tokens: z.number().int(), more: z.number().int() }).optional(),
  at: z.iso.datetime(),
})

/** The words of an endpoint for a model, with what was learned of them in the last `dialectMs`. What is learned here is kept. */
export async function openCapabilities(
  bus: Pick<Bus, 'kv'>,
  { baseUrl }: Endpoint,
  { model, capabilitiesMs, minReplyTokens }: { model: string; capabilitiesMs: number; minReplyTokens: number },
): Promise<EndpointCapabilities> {
  const records = bus.kv('capabilities', CapabilitiesRecord)
  const key = sha256(`${baseUrl} ${model}`).slice(0, 32)
  const held = (await records.get(key))?.value
  const isFresh = held !== undefined && Date.now() - Date.parse(held.at) < capabilitiesMs
  const keep = (words: Words) => {
    // Whoever does not hear of it learns it again, for one call.
    void records.put(key, { ...words, refused: [...words.refused], at: new Date().toISOString() }).catch(() => {})
  }
  return createCapabilities(isFresh ? held : null, keep, minReplyTokens)
}
