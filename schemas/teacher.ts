import { z } from 'zod'
import { count, ms } from './limit.ts'

/** The patience of whoever calls a teacher. */
export const TeacherLimits = z.strictObject({
  maxTries: count(6, 'HTTP requests for one reply, the first included', 20),
  firstAloneMs: ms(
    2000,
    'the first request to an endpoint goes alone, so that a field which it refuses costs one call; others wait for the answer at most so long',
    0,
  ),
  dialectMs: ms(
    86_400_000,
    'what an endpoint took is relied on for so long, by every process and run; then a first request goes alone again',
    0,
  ),
  minTimeoutMs: ms(1500, 'shortest time-out of a request; it follows the observed latency'),
  maxTimeoutMs: ms(120_000, 'longest time-out, and the one before anything is observed'),
  backoffMs: ms(1000, 'pause before the third request for one reply; doubled for each one after'),
  maxRetryAfterMs: ms(300_000, "longest pause that an endpoint's Retry-After is given", 0),
  minPauseMs: ms(1000, 'how long an endpoint that mostly fails is left alone; doubled while it goes on'),
  maxPauseMs: ms(30_000, 'longest time for which it is left alone'),
  giveUpMs: ms(600_000, 'how long calls wait for a teacher that only fails; then they end without a reply'),
})
export type TeacherLimits = z.infer<typeof TeacherLimits>
