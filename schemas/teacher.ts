import { z } from 'zod'

/** The patience of whoever calls a teacher. */
export const TeacherLimits = z.strictObject({
  /** HTTP requests for one reply, the first included. */
  maxTries: z.number().int().min(1).max(20).default(6),
  /** The first request to an endpoint goes alone, so that a field which it refuses costs one call; others wait for the answer at most so long. */
  firstAloneMs: z.number().int().nonnegative().default(2000),
  /** What an endpoint took is relied on for so long, by every process and run; then a first request goes alone again. */
  dialectMs: z.number().int().nonnegative().default(86_400_000),
  /** The time-out follows the observed latency between these two; before anything is observed it is the larger. */
  minTimeoutMs: z.number().int().positive().default(1500),
  maxTimeoutMs: z.number().int().positive().default(120_000),
  /** Pause before the third request for one reply; doubled for each one after. */
  backoffMs: z.number().int().positive().default(1000),
  /** Longest pause that an endpoint's Retry-After is given. */
  maxRetryAfterMs: z.number().int().nonnegative().default(300_000),
  /** An endpoint that mostly fails is left alone for so long, doubled up to the larger while it goes on. */
  minPauseMs: z.number().int().positive().default(1000),
  maxPauseMs: z.number().int().positive().default(30_000),
  /** How long calls wait for a teacher that only fails; then they end without a reply. */
  giveUpMs: z.number().int().positive().default(600_000),
})
export type TeacherLimits = z.infer<typeof TeacherLimits>
