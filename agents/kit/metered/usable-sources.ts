import { z } from 'zod'
import type { Bus } from '../../../bus/mod.ts'
import { hashOf, sha256 } from '../../../schemas/hash.ts'
import type { PromptSource } from '../../../schemas/program.ts'
import type { Endpoint } from '../teacher/options.ts'

/** A source, and who was asked for it. */
type AskedFor = { endpoint: Pick<Endpoint, 'baseUrl'>; model: string; source: PromptSource }

const UsableRecord = z.object({ at: z.iso.datetime() })

/** Where a model at an address is known on this bus. */
export const endpointKey = ({ baseUrl }: Pick<Endpoint, 'baseUrl'>, model: string): string =>
  sha256(`${baseUrl} ${model}`).slice(0, 32)

const keyOf = ({ endpoint, model, source }: AskedFor) =>
  `${endpointKey(endpoint, model)}.source.${hashOf({ ...source, rows: 0 }).slice(0, 32)}`

const recordsOf = (bus: Pick<Bus, 'kv'>) => bus.kv('capabilities', UsableRecord)

/** Keeps that a reply to the source could be used. Where it is not kept, its next run waits for its trial. */
export function noteUsable(bus: Pick<Bus, 'kv'>, asked: AskedFor): void {
  void recordsOf(bus)
    .put(keyOf(asked), { at: new Date().toISOString() })
    .catch(() => {})
}

/** Whether a reply to the source, with the same prompt and hooks, could be used in the last `withinMs`. */
export async function wasUsable(bus: Pick<Bus, 'kv'>, asked: AskedFor, withinMs: number): Promise<boolean> {
  const held = await recordsOf(bus).get(keyOf(asked))
  return held !== null && Date.now() - Date.parse(held.value.at) < withinMs
}
