import type { PayloadOf } from '../../schemas/message.ts'
import type { Progress } from '../../schemas/messages/run.ts'
import type { Lane } from './lanes.ts'
import type { Entry } from './store.ts'

/** Times in milliseconds. */
export type WorkBar = { lane: Lane; since: number; time: number; done: number; label: string }

/** Long work as bars: from its cause, or from where the same agent's work before it ended, to its last sign of progress. */
export function createSpans() {
  const all: WorkBar[] = []
  const latest = new Map<string, WorkBar>()

  return {
    all: () => all,
    append(entry: Entry, lane: Lane, cause: Entry | null): void {
      const { phase, studentModel, done } = entry.payload as PayloadOf<typeof Progress>
      const key = `${lane.instance} ${phase} ${studentModel ?? ''}`
      const known = latest.get(key)
      if (known && done >= known.done) {
        known.time = entry.time
        known.done = done
        return
      }
      let since = cause?.time ?? entry.time
      for (const span of all) if (span.lane === lane) since = Math.max(since, span.time)
      const label = studentModel ? `${phase} ${studentModel}` : phase
      const span = { lane, since: Math.min(since, entry.time), time: entry.time, done, label }
      all.push(span)
      latest.set(key, span)
    },
  }
}
