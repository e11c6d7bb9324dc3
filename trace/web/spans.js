/** Long work as bars: from its cause, or from where the same agent's work before it ended, to its last sign of progress. */
export function createSpans() {
  const all = []
  const latest = new Map()

  return {
    all: () => all,
    append(entry, lane, cause) {
      const { phase, studentModel, done } = entry.payload
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
