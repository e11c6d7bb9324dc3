import { errors } from 'nats'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BusSetupError } from '../../../bus/errors.ts'
import { watchRefusal } from '../../../bus/refusal.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const awayMs = 10_000
const refused = new errors.AuthorizationError('Authorization Violation')
const expired = new errors.UserAuthenticationExpiredError('User Authentication Expired')

type Step = ['heard', Error, number] | ['silence', number] | ['connected']
/** Takes steps, those of `heard` twice a second for so many milliseconds; whether the user is given up. */
function follow(steps: readonly Step[]) {
  const lasting: BusSetupError[] = []
  const faultOf = (error: Error) => new BusSetupError({ what: error.message, where: 'h:1', fix: 'ask' })
  const refusal = watchRefusal({ awayMs, faultOf, onLasting: (fault) => void lasting.push(fault) })
  for (const [what, ...more] of steps) {
    if (what === 'connected') refusal.connected()
    else if (what === 'silence') vi.advanceTimersByTime(Number(more[0]))
    else
      for (let ms = 0; ms <= Number(more[1]); ms += 500) {
        refusal.heard(more[0] as Error)
        vi.advanceTimersByTime(500)
      }
  }
  return { lasting: lasting.map(({ what }) => what), now: refusal.now?.what ?? null }
}

test.each<[string, Step[], boolean]>([
  ['refused all the time', [['heard', refused, awayMs]], true],
  ['for longer, it is said once', [['heard', refused, 3 * awayMs]], true],
  ['expired', [['heard', expired, awayMs]], true],
  [
    'with a short silence, as where one of several servers is away',
    [
      ['heard', refused, 4000],
      ['silence', 4000],
      ['heard', refused, 3000],
    ],
    true,
  ],
  ['not for so long yet', [['heard', refused, awayMs - 500]], false],
  ['taken in between', [['heard', refused, 8000], ['connected'], ['heard', refused, 8000]], false],
  [
    'away in between',
    [
      ['heard', refused, 500],
      ['silence', 10 * awayMs],
      ['heard', refused, 500],
    ],
    false,
  ],
  ['other errors', [['heard', new errors.ProtocolError('maximum connections exceeded'), 2 * awayMs]], false],
  ['a permission', [['heard', new errors.PermissionViolationError('x', 'publish', 'a'), 2 * awayMs]], false],
  ['silence alone', [['silence', 10 * awayMs]], false],
])('a user is given up once it was refused for as long as servers are waited for: %s', (_, steps, isGivenUp) => {
  expect(follow(steps).lasting).toHaveLength(isGivenUp ? 1 : 0)
})

test('the last refusal is shown until there is a connection again', () => {
  expect(follow([['heard', refused, 500]]).now).toBe('Authorization Violation')
  expect(follow([['heard', refused, 500], ['connected']]).now).toBeNull()
})
