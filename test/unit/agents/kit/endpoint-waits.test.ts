import { expect, test } from 'vitest'
import { errorIn } from '../../../../agents/kit/teacher/endpoint-error.ts'
import { waitOf } from '../../../../agents/kit/teacher/wait.ts'

const now = Date.parse('2026-03-01T12:00:00Z')
const wait = (headers: Record<string, string>, body: unknown = {}) => waitOf({ headers }, errorIn([body]), now)
const printed = (message: string) => wait({}, { error: { message } })

test.each<[Record<string, string>, number]>([
  [{ 'retry-after': '2' }, 2000],
  [{ 'retry-after': '1.2' }, 1200],
  [{ 'retry-after': 'Sun, 01 Mar 2026 12:00:30 GMT' }, 30_000],
  [{ 'retry-after-ms': '700', 'retry-after': '1' }, 700],
  [{ 'retry-after': '0', 'x-ratelimit-reset-tokens': '6m0s' }, 360_000],
  [
    {
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-remaining-requests': '9',
      'x-ratelimit-reset-tokens': '150ms',
      'x-ratelimit-remaining-tokens': '0',
    },
    150,
  ],
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000 + 90) }, 90_000],
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now + 90_000) }, 90_000],
  [
    { 'anthropic-ratelimit-tokens-remaining': '0', 'anthropic-ratelimit-tokens-reset': '2026-03-01T12:05:00Z' },
    300_000,
  ],
  [{ 'ratelimit-reset': '12' }, 12_000],
  [{ 'x-retry-after': '2' }, 2000],
  [{ 'x-ms-retry-after-ms': '700' }, 700],
  [{ ratelimit: '"default";r=0;t=30' }, 30_000],
  [{ ratelimit: 'limit=10, remaining=0, reset=30' }, 30_000],
  [{ ratelimit: '"default";r=7;t=30' }, 0],
  [{ 'retry-after': 'soon' }, 0],
  [{}, 0],
])('the wish of an endpoint is read from its headers: %j', (headers, ms) => {
  expect(wait(headers)).toEqual({ ms, isQuota: false })
})

test.each([
  ['Please try again in 7m12s.', 432_000],
  ['Please try again in 150ms. Visit the docs.', 150],
  ['Please retry after 20 seconds.', 20_000],
  ['Please wait 1 hour and 5 minutes before retrying.', 3_900_000],
  ['Retry in 1h2m3.5s', 3_723_500],
  ['Try again in 05:20:00.', 19_200_000],
  ['The limit resets at 2026-03-01 13:00:00 UTC.', 3_600_000],
  ['Rate limit reached, try again 20 seconds later.', 20_000],
  ['请求过于频繁，请在 20 秒后重试', 20_000],
  ['请等待2小时再试', 7_200_000],
  ['Too many requests.', 0],
])('and from its words: %s', (text, ms) => {
  expect(printed(text).ms).toBe(ms)
})

test('a gateway may repeat the headers of the endpoint behind it, and Google has a field for it', () => {
  const headers = { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(now + 6 * 3_600_000) }
  expect(wait({}, { error: { message: 'x', metadata: { headers } } }).ms).toBe(6 * 3_600_000)
  expect(wait({}, { error: { message: 'x', details: [{ retryDelay: '39s' }] } }).ms).toBe(39_000)
})

test.each([
  [{ retry_after: 2 }, 2000],
  [{ retryAfter: '1.5s' }, 1500],
  [{ retry_after_ms: 150 }, 150],
  [{ resets_in_seconds: 90 }, 90_000],
  [{ estimated_time: 20.5 }, 20_500],
  [{ cooldown_seconds: 9 }, 9000],
  [{ resets_at: now / 1000 + 90 }, 90_000],
  [{ reset: true, retryable: 7 }, 0],
])('and from fields of its error: %j', (fields, ms) => {
  expect(wait({}, { error: { message: 'limit', ...fields } }).ms).toBe(ms)
})

test('of several limits that are used up at once the one of a day counts', () => {
  const idOf = (unit: string) => ({ quotaId: `GenerateRequestsPer${unit}PerProjectPerModel-FreeTier` })
  const body = (...units: string[]) => ({ error: { message: 'Quota exceeded.', details: units.map(idOf) } })
  expect(wait({}, body('Day', 'Minute')).isQuota).toBe(true)
  expect(wait({}, body('Minute')).isQuota).toBe(false)
})

test('a page says it in words too', () => {
  expect(waitOf({ headers: {}, text: '<html>Daily limit reached</html>' }, null, now).isQuota).toBe(true)
})

test.each([
  ['Rate limit exceeded: free-models-per-day.', true],
  ['You have used all your requests for today.', true],
  ['Limit of 50 requests per 24 hours reached.', true],
  ['Used up. The limit resets at midnight UTC.', true],
  ['今日额度已用完', true],
  ['You are using a Trial key, which is limited to 1000 API calls / month.', true],
  ['You reached your limit of calls this month.', true],
  ['10 requests per minute. You made 50 today.', false],
  ['Limit: 60 / minute. Your daily limit is 14400, used 60.', false],
  ['20 requests/min; 1000 a day, 30 of them used', false],
  ['on tokens per day (TPD): Limit 100000', true],
  ['Rate limit of 50 per 86400s exceeded for UserByModelByDay', true],
  ['You have reached your weekly usage limit', true],
  ['limit: generate_requests_per_model_per_day', true],
  ['on requests per min (RPM): Limit 3', false],
  ['free-models-per-min. Add credits to unlock 1000 requests per day', false],
  ['Rate limit reached', false],
])('a quota of a day or longer is told from a limit of a minute: %s', (text, isQuota) => {
  expect(printed(text).isQuota).toBe(isQuota)
})
