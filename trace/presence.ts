import { z } from 'zod'
import { Presence as Announced } from '../bus/mod.ts'
import type { LogSource } from './log-source.ts'

/** What viewers are told of an agent; whatever else its record holds stays here. */
export const Presence = z.object(Announced.omit({ host: true }).shape)
export type Presence = z.infer<typeof Presence>

/** Calls back with all agents that are there, each time one comes, goes or changes. Ends with the signal. */
export async function watchPresence(
  bus: LogSource,
  signal: AbortSignal,
  onChange: (agents: Presence[]) => void,
): Promise<void> {
  const agents = new Map<string, Presence>()
  for await (const { key, value } of bus.kv('agents', Presence).watch(signal)) {
    if (value) agents.set(key, value)
    else agents.delete(key)
    onChange([...agents.values()].sort((a, b) => a.instance.localeCompare(b.instance)))
  }
}
