import type { PayloadOf } from '../schemas/message.ts'
import type { RunStarted } from '../schemas/messages/run.ts'
import type { LogSource } from './log-source.ts'
import { type Wanted, wantedBy } from './troubles.ts'

/** Runs whose start is looked up in one go; the rest come with the next call. */
const maxLookups = 64

type Start = { startedAt: string; wanted: Wanted[] }

/** Remembers when each run on the log began, and which agents it wants. */
export function createRunList(bus: LogSource) {
  const starts = new Map<string, Start>()

  async function startOf(runId: string, signal: AbortSignal): Promise<Start | null> {
    for await (const { name, payload, parseError, at } of bus.log({ runId, follow: false, signal })) {
      const isStart = name === 'run-started' && parseError === undefined
      const wanted = isStart ? wantedBy((payload as PayloadOf<typeof RunStarted>).config) : []
      return { startedAt: at, wanted }
    }
    return null
  }

  return {
    /** The agents that a run on the last list wants. */
    wantedBy: (runId: string): readonly Wanted[] => starts.get(runId)?.wanted ?? [],
    /** The runs that have messages, with the time of their first one, newest first. */
    async list(signal: AbortSignal): Promise<{ runId: string; startedAt: string }[]> {
      const there = new Set(await bus.runs())
      for (const runId of starts.keys()) if (!there.has(runId)) starts.delete(runId)
      const unknown = [...there].filter((runId) => !starts.has(runId)).slice(0, maxLookups)
      for (const runId of unknown) {
        const start = await startOf(runId, signal)
        if (start) starts.set(runId, start)
      }
      return [...starts]
        .map(([runId, { startedAt }]) => ({ runId, startedAt }))
        .sort((a, b) => b.startedAt.localeCompare(a.startedAt))
    },
  }
}
