import type { TeacherLimits } from '../../../schemas/teacher.ts'
import type { TeacherOptions } from './options.ts'

/** How many requests may be under way. */
export type AdaptiveConcurrency = {
  readonly now: number
  /** A request that was sent then (`performance.now()`) was answered, or turned away (429) because there were too many. */
  note(sentAt: number, turnedAway: boolean): void
}

/** Answers that say something about a width. */
const enough = 20
/** A width shrinks to no less than this share of itself at once, and grows by this share. */
const least = 0.25
const growth = 0.1

/**
 * Several processes, and others' programs, may share what an endpoint takes, and none knows of the others: each finds its part.
 * W1  When at least `crowdedShare` of the answers since the last change were 429s, the width shrinks to the share that was answered.
 * W2  When as many as the width were answered and few were not, it grows by a tenth, at least by one, up to `concurrency`.
 * W3  Answers to what was sent before the last change say nothing about the width after it.
 *
 * Example: 40 under way, `crowdedShare` 0.1. Of the next 20 replies 6 are 429s, more than 0.1 x 20: 14 / 20 were answered, so the width is
 * 0.7 x 40 = 28. The next 28 replies are all answers: it grows to 1.1 x 28, rounded up: 31.
 */
export function createAdaptiveConcurrency(
  { concurrency, crowdedShare }: Pick<TeacherOptions, 'concurrency' | 'crowdedShare'>,
  clock: () => number = () => performance.now(),
): AdaptiveConcurrency {
  let width = concurrency
  let changedAt = 0
  let [answered, turned] = [0, 0]
  const change = (next: number) => {
    width = Math.min(concurrency, Math.max(1, next))
    changedAt = clock()
    answered = turned = 0
  }
  return {
    get now() {
      return width
    },
    note(sentAt, turnedAway) {
      if (sentAt < changedAt) return
      if (turnedAway) turned += 1
      else answered += 1
      const all = answered + turned
      if (all < Math.min(enough, width)) return
      if (turned >= crowdedShare * all)
        change(Math.floor(width * Math.max(least, Math.min(1 - growth, answered / all))))
      else if (answered >= width && width < concurrency) change(Math.ceil(width * (1 + growth)))
      else if (answered >= enough + width) [answered, turned] = [0, 0]
    },
  }
}

/** Replies seen before the time-out follows them. */
const enoughReplies = 20

/** The time-out that fits what was observed, in milliseconds. */
type Latency = {
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
      if (next < enoughReplies || (next > latencyReplies && next % enoughReplies !== 0)) return
      const sorted = seen.toSorted((a, b) => a - b)
      const slow = sorted[Math.floor(sorted.length * 0.95)] ?? ms
      current = Math.min(maxTimeoutMs, Math.max(minTimeoutMs, timeoutFactor * slow))
    },
    timeoutMs: () => current,
  }
}
