import { atMost, type Backlog, type Bus, heldValues, Presence, type StreamFacts } from '../bus/mod.ts'
import type { AgentRole } from '../schemas/role.ts'
import type { TelemetryLimits } from '../schemas/session-limits.ts'

/** An agent process that a command started. */
export type OwnAgent = { role: AgentRole; variant: string; instance: string }

/** What is asked of the server for figures and probes; null where it did not answer in time. */
export type ServerAnswers = {
  presence(): Promise<Presence[] | null>
  /** Whether anybody has made the streams. */
  hasStreams(): Promise<boolean | null>
  backlog(): Promise<Backlog[] | null>
  streams(): Promise<StreamFacts[] | null>
}

/** Asks the server once for whoever wants to know at about the same time, and lets nobody wait for one that is away. */
export function serverAnswers(
  bus: Bus,
  { cacheMs, scrapeMs }: Pick<TelemetryLimits, 'cacheMs' | 'scrapeMs'>,
): ServerAnswers {
  const valuesThere = async () =>
    (await heldValues(bus.kv('agents', Presence))).flatMap((held) => ('value' in held ? [held.value] : []))
  return {
    presence: sharedAnswer(valuesThere, cacheMs, scrapeMs),
    hasStreams: sharedAnswer(async () => (await bus.presenceTtlMs()) !== null, cacheMs, scrapeMs),
    backlog: sharedAnswer(bus.backlogs, cacheMs, scrapeMs),
    streams: sharedAnswer(bus.streams, cacheMs, scrapeMs),
  }
}

/** One request at a time; its answer holds for `cacheMs`, and is waited for `waitMs` at most. */
export function sharedAnswer<T>(ask: () => Promise<T>, cacheMs: number, waitMs: number): () => Promise<T | null> {
  let under: Promise<T | null> | null = null
  let last: { answer: T | null; atMs: number } | null = null
  return async () => {
    if (last && performance.now() - last.atMs < cacheMs) return last.answer
    under ??= ask()
      .catch(() => null)
      .then((answer) => {
        last = { answer, atMs: performance.now() }
        under = null
        return answer
      })
    return atMost(under, waitMs)
  }
}
