/** Long parts of a payload that the gateway left out stand as `{ $elided: n }`; this counts a list either way. */
export const lengthOf = (list) => (Array.isArray(list) ? list.length : (list?.$elided ?? 0))

/** The messages of one run, in order, with the two directions of causation. */
export function createStore() {
  const entries = []
  const byId = new Map()
  const effects = new Map()
  let finalEvalAsked = null

  return {
    entries,
    /** The number of the last message, 0 before the first. */
    last: () => entries.at(-1)?.seq ?? 0,
    /** Takes a message; false when it is here already. */
    add(entry) {
      if (entry.seq <= (entries.at(-1)?.seq ?? 0)) return false
      entry.index = entries.length
      entry.time = Math.max(Date.parse(entry.at), entries.at(-1)?.time ?? 0)
      entries.push(entry)
      byId.set(entry.id, entry)
      // The opening is worked out in an account that this log does not show; its cause here is what asked for it.
      entry.throughSealed = entry.name === 'final-eval-results' && !byId.has(entry.cause) && finalEvalAsked !== null
      if (entry.throughSealed) entry.cause = finalEvalAsked.id
      if (entry.name === 'final-eval-request') finalEvalAsked = entry
      if (entry.cause) {
        const siblings = effects.get(entry.cause)
        if (siblings) siblings.push(entry)
        else effects.set(entry.cause, [entry])
      }
      return true
    },
    causeOf: (entry) => (entry.cause ? (byId.get(entry.cause) ?? null) : null),
    effectsOf: (entry) => effects.get(entry.id) ?? [],
    bySeq(seq) {
      let low = 0
      let high = entries.length - 1
      while (low <= high) {
        const middle = (low + high) >> 1
        if (entries[middle].seq === seq) return entries[middle]
        if (entries[middle].seq < seq) low = middle + 1
        else high = middle - 1
      }
      return null
    },
    /** What led to a message, the first cause first. */
    ancestors(entry) {
      const chain = []
      for (let at = this.causeOf(entry); at && chain.length < 500; at = this.causeOf(at)) chain.unshift(at)
      return chain
    },
    /** A message, all that led to it, and what followed from it, at most `most` messages. */
    chain(entry, most = 600) {
      const found = new Set([entry, ...this.ancestors(entry)])
      const open = [entry]
      while (open.length > 0 && found.size < most) {
        for (const effect of this.effectsOf(open.shift())) {
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
