import { type StoredEntry, spanIdOf } from '../../bus/mod.ts'

/** Where a message's span belongs: its parent, and when what it is the result of began. */
export type SpanPlace = {
  spanId: string
  /** Null for the first message of a run. */
  parentId: string | null
  startMs: number
  endMs: number
}

/** Stands in a run's log at its end. A run that goes on all the same has its later messages below its first one. */
const isEnd = ({ name }: StoredEntry) => name === 'run-finished'

/** Finished runs whose first span is remembered: what comes after a run's end comes soon. */
const rememberedRoots = 200

/**
 * Places messages in the trees of their runs. `roots`: the first spans of runs that were finished before.
 * R1 A place follows from the log alone: whoever reads it again from the first message of the runs that were not finished, with the roots
 *    of those that were, gives the same places.
 * R2 A parent is a message that was placed before; where the cause is not one, as a message of the sealed session, it is the run's first.
 * R3 A message that is stored a second time has no second place.
 */
export function createRunIndex(roots: Readonly<Record<string, string>> = {}) {
  const open = new Map<string, { rootId: string; firstSeq: number; times: Map<string, number> }>()
  const over = new Map(Object.entries(roots))

  return {
    /** Null for a message that has its place already. */
    place(entry: StoredEntry): SpanPlace | null {
      const { runId, id, cause } = entry
      const spanId = spanIdOf(id)
      const endMs = Date.parse(entry.at)
      const rootId = over.get(runId)
      if (rootId !== undefined) return { spanId, parentId: rootId, startMs: endMs, endMs }
      const run = open.get(runId)
      if (!run) {
        open.set(runId, { rootId: spanId, firstSeq: entry.seq, times: new Map([[id, endMs]]) })
        return { spanId, parentId: null, startMs: endMs, endMs }
      }
      if (run.times.has(id)) return null
      const causeMs = cause === null ? undefined : run.times.get(cause)
      const parentId = cause === null || causeMs === undefined ? run.rootId : spanIdOf(cause)
      if (isEnd(entry)) {
        open.delete(runId)
        over.set(runId, run.rootId)
        if (over.size > rememberedRoots) over.delete(over.keys().next().value!)
      } else run.times.set(id, endMs)
      return { spanId, parentId, startMs: Math.min(causeMs ?? endMs, endMs), endMs }
    },
    isOver: (runId: string): boolean => over.has(runId),
    get roots(): Record<string, string> {
      return Object.fromEntries(over)
    },
    /** The first message of the runs that are not finished; null where all are. */
    get firstOpenSeq(): number | null {
      const seqs = [...open.values()].map(({ firstSeq }) => firstSeq)
      return seqs.length > 0 ? seqs.reduce((least, seq) => Math.min(least, seq)) : null
    },
  }
}
export type RunIndex = ReturnType<typeof createRunIndex>
