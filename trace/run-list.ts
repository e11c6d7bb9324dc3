import type { LogSource } from './log-source.ts'

/** Runs whose start is looked up in one go; the rest come with the next call. */
const maxLookups = 64

/** Remembers when each run on the log began; `list` gives them, newest first. */
export function createRunList(bus: LogSource) {
  const starts = new Map<string, string>()

  async function startOf(runId: string, signal: AbortSignal): Promise<string | null> {
    for await (const entry of bus.log({ runId, follow: false, signal })) return entry.at
    return null
  }

  return {
    /** The runs that have messages, with the time of their first one. */
    async list(signal: AbortSignal): Promise<{ runId: string; startedAt: string }[]> {
      const there = new Set(await bus.runs())
      for (const runId of starts.keys()) if (!there.has(runId)) starts.delete(runId)
      const unknown = [...there].filter((runId) => !starts.has(runId)).slice(0, maxLookups)
      for (const runId of unknown) {
        const at = await startOf(runId, signal)
        if (at) starts.set(runId, at)
      }
      return [...starts]
        .map(([runId, startedAt]) => ({ runId, startedAt }))
        .sort((a, b) => b.startedAt.localeCompare(a.startedAt))
    },
  }
}
