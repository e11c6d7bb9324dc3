import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { Presence as Announced, type Bus, type Logger } from '../bus/mod.ts'

/** What the gateway needs of the bus: it reads, and nothing else. */
export type LogSource = Pick<Bus, 'log' | 'runs' | 'kv' | 'limits'>

/** What viewers see of an agent; whatever else its record holds stays here. */
export const ShownPresence = z.object(Announced.omit({ host: true, slots: true, figures: true }).shape)
export type ShownPresence = z.infer<typeof ShownPresence>

type Watch = {
  log: Logger
  signal: AbortSignal
  /** Pause before it watches again after a failure. */
  againMs: number
  onChange: (agents: ShownPresence[]) => void
}

/** Calls back with all agents that are there, whenever one comes, goes or changes, until the signal fires; a failure only interrupts it. */
export async function watchPresence(bus: LogSource, { log, signal, againMs, onChange }: Watch): Promise<void> {
  while (!signal.aborted) {
    try {
      const agents = new Map<string, ShownPresence>()
      for await (const { key, value } of bus.kv('agents', ShownPresence).watch(signal)) {
        if (value) agents.set(key, value)
        else agents.delete(key)
        onChange([...agents.values()].sort((a, b) => a.instance.localeCompare(b.instance)))
      }
    } catch (error) {
      if (signal.aborted) return
      log.warn({ error: String(error) }, 'presence not watched')
    }
    await sleep(againMs, undefined, { signal }).catch(() => {})
  }
}
