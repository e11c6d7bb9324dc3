import { z } from 'zod'

/** The patience of whoever calls a teacher. */
export const TeacherLimits = z.strictObject({
  /** HTTP requests for one reply, the first included. */
  maxTries: z.number().int().min(1).max(20).default(6),
  /** The time-out follows the observed latency between these two; before anything is observed it is the larger. */
  minTimeoutMs: z.number().int().positive().default(1500),
  maxTimeoutMs: z.number().int().positive().default(120_000),
  /** How long calls wait for a teacher that only fails; then they end without a reply. */
  giveUpMs: z.number().int().positive().default(600_000),
})
export type TeacherLimits = z.infer<typeof TeacherLimits>
