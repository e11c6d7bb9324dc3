import type { TeacherLimits } from '../../../schemas/teacher.ts'

/** Replies seen before the time-out follows them. */
const enough = 20

/** The time-out that fits what was observed, in milliseconds. */
export type Latency = {
  add(ms: number): void
  timeoutMs(): number
}

type Bounds = Pick<TeacherLimits, 'minTimeoutMs' | 'maxTimeoutMs' | 'timeoutFactor' | 'latencyReplies'>

/** The time-out is a multiple of the 95th percentile of the last replies, within the bounds. */
export function createLatency({ minTimeoutMs, maxTimeoutMs, timeoutFactor, latencyReplies }: Bounds): Latency {
  const seen: number[] = []
  let next = 0
  let current = maxTimeoutMs
  return {
    add(ms) {
      seen[next % latencyReplies] = ms
      next += 1
      if (next < enough || (next > latencyReplies && next % enough !== 0)) return
      const sorted = seen.toSorted((a, b) => a - b)
      const slow = sorted[Math.floor(sorted.length * 0.95)] ?? ms
      current = Math.min(maxTimeoutMs, Math.max(minTimeoutMs, timeoutFactor * slow))
    },
    timeoutMs: () => current,
  }
}
