import { z } from 'zod'
import { bytes, count, ms } from './limit.ts'

/** The patience of whoever calls a teacher. */
export const TeacherLimits = z.strictObject({
  maxTries: count(6, 'HTTP requests for one reply, the first included', 20),
  firstAloneMs: ms(
    2000,
    'the first request to an endpoint goes alone, so that a field which it refuses costs one call; each time that it takes so long, twice as many may be under way; where it gave texts before, unreadAnswers go at once',
    0,
  ),
  capabilitiesMs: ms(
    86_400_000,
    'what an endpoint took is relied on for so long, by every process and run; then a first request goes alone again',
    0,
  ),
  minTimeoutMs: ms(1500, 'shortest time-out of a request; it follows the observed latency'),
  maxTimeoutMs: ms(120_000, 'longest time-out, and the one before anything is observed'),
  timeoutFactor: z
    .number()
    .min(1)
    .default(5)
    .describe('the time-out as a multiple of the 95th percentile of the last replies, between those two'),
  latencyReplies: count(200, 'last replies that the time-out follows, at least 20'),
  backoffMs: ms(1000, 'pause before the third request for one reply; doubled for each one after'),
  maxRetryAfterMs: ms(300_000, "longest pause that an endpoint's Retry-After is given", 0),
  quotaPauseMs: ms(
    3_600_000,
    'an endpoint that turns requests away and asks for a longer pause has used up a quota: the run stops with its words, as for a quota of the day',
    0,
  ),
  unreadAnswers: count(
    5,
    'an endpoint that has given no text yet is given up after so many answers of which nothing can be used',
  ),
  refusedPauseMs: ms(3000, 'for so long after an endpoint refused everything nothing more is sent to it', 0),
  minReplyTokens: count(
    64,
    "where an endpoint's longest reply or its model's context leaves room for fewer tokens, and the program wants more, its prompt counts as too long",
  ),
  crowdedShare: z
    .number()
    .gt(0)
    .max(1)
    .default(0.1)
    .describe('share of 429s among the answers from which fewer requests are sent at a time'),
  breakerShare: z
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .describe(
      'an endpoint mostly fails when at least this share of its last requests were faults of its own, and refuses everything when so many were HTTP 403',
    ),
  breakerRequests: count(40, 'last requests that the share is taken over; half as many must have been made'),
  minPauseMs: ms(1000, 'how long an endpoint that mostly fails is left alone; doubled while it goes on'),
  maxPauseMs: ms(30_000, 'longest time for which it is left alone'),
  giveUpMs: ms(600_000, 'how long calls wait for a teacher that only fails; then they end without a reply'),
  maxReplyBytes: bytes(
    32 * 1024 ** 2,
    "a longer answer is cut off: no reply is as long, and a stranger's must not fill the memory",
  ),
  reserveCalls: count(16, 'calls reserved with one write, which count as spent when a process dies'),
  closedEveryMs: ms(1000, 'how often work that another process has taken over is looked for'),
})
export type TeacherLimits = z.infer<typeof TeacherLimits>
