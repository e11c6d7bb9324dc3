const window = 200
/** Replies seen before the time-out follows them. */
const enough = 20
/** The time-out as a multiple of the slow end of the replies. */
const slack = 5

/** The time-out that fits what was observed, in milliseconds. */
export type Latency = {
  add(ms: number): void
  timeoutMs(): number
}

/** The time-out is five times the 95th percentile of the last 200 replies, within the bounds. */
export function createLatency({ minTimeoutMs, maxTimeoutMs }: { minTimeoutMs: number; maxTimeoutMs: number }): Latency {
  const seen: number[] = []
  let next = 0
  let current = maxTimeoutMs
  return {
    add(ms) {
      seen[next % window] = ms
      next += 1
      if (next < enough || (next > window && next % enough !== 0)) return
      const sorted = seen.toSorted((a, b) => a - b)
      const slow = sorted[Math.floor(sorted.length * 0.95)] ?? ms
      current = Math.min(maxTimeoutMs, Math.max(minTimeoutMs, slack * slow))
    },
    timeoutMs: () => current,
  }
}
