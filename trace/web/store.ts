import type { EntryFrame } from '../frames.ts'
import type { Elided } from '../summary.ts'

/** A message on the page. `time`, in milliseconds, is never before that of the message before it; `index` is its place among all. */
export type Entry = EntryFrame & { time: number; index: number; throughSealed: boolean }

/** How long a list is that the gateway may have left out. */
export const lengthOf = (list: readonly unknown[] | Elided | undefined): number =>
  Array.isArray(list) ? list.length : ((list as Elided | undefined)?.$elided ?? 0)

export type EntryStore = ReturnType<typeof createStore>

/** The messages of one run, in order, with the two directions of causation. */
export function createStore() {
  const entries: Entry[] = []
  const byId = new Map<string, Entry>()
  const effects = new Map<string, Entry[]>()
  let finalEvalAsked: Entry | null = null

  return {
    entries,
    /** The number of the last message, 0 before the first. */
    last: () => entries.at(-1)?.seq ?? 0,
    /** Takes a message; false when it is here already. */
    add(frame: EntryFrame): boolean {
      const last = entries.at(-1)
      if (frame.seq <= (last?.seq ?? 0)) return false
      const time = Math.max(Date.parse(frame.at), last?.time ?? 0)
      // The final evaluation is made in an account that this log does not show; its cause here is what asked for it.
      const throughSealed =
        frame.name === 'final-eval-results' && !byId.has(frame.cause ?? '') && finalEvalAsked !== null
      const cause = throughSealed ? finalEvalAsked!.id : frame.cause
      const entry: Entry = Object.assign(frame, { time, index: entries.length, throughSealed, cause })
      entries.push(entry)
      byId.set(entry.id, entry)
      if (entry.name === 'final-eval-request') finalEvalAsked = entry
      if (entry.cause) {
        const siblings = effects.get(entry.cause)
        if (siblings) siblings.push(entry)
        else effects.set(entry.cause, [entry])
      }
      return true
    },
    causeOf: (entry: Entry): Entry | null => (entry.cause ? (byId.get(entry.cause) ?? null) : null),
    effectsOf: (entry: Entry): readonly Entry[] => effects.get(entry.id) ?? [],
    bySeq(seq: number): Entry | null {
      const entry = entries[firstFrom(entries, seq, (each) => each.seq)]
      return entry?.seq === seq ? entry : null
    },
    /** What led to a message, the first cause first. */
    ancestors(entry: Entry): Entry[] {
      const chain: Entry[] = []
      for (let at = this.causeOf(entry); at && chain.length < 500; at = this.causeOf(at)) chain.unshift(at)
      return chain
    },
    /** A message, all that led to it, and what followed from it, at most `most` messages. */
    chain(entry: Entry, most = 600): ReadonlySet<Entry> {
      const found = new Set([entry, ...this.ancestors(entry)])
      const open = [entry]
      while (open.length > 0 && found.size < most) {
        for (const effect of this.effectsOf(open.shift()!)) {
          if (!found.has(effect)) {
            found.add(effect)
            open.push(effect)
          }
        }
      }
      return found
    },
  }
}

/** The first index whose number is not below `wanted`, of values in order; the length where there is none. */
export function firstFrom<T>(values: readonly T[], wanted: number, numberOf: (value: T) => number): number {
  let [low, high] = [0, values.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (numberOf(values[middle]!) < wanted) low = middle + 1
    else high = middle
  }
  return low
}
