import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { allowedHosts, checkHost, checkOrigin, sameSecret } from '../../../trace/access.ts'

const request = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage
const hosts = allowedHosts('127.0.0.1', 4711, ['https://traces.example.org'])

test('secrets of any two lengths compare', () => {
  expect(sameSecret('a token', 'a token')).toBe(true)
  expect(sameSecret('', 'a token')).toBe(false)
  expect(sameSecret('a token, longer', 'a token')).toBe(false)
})

test.each(['127.0.0.1:4711', 'localhost:4711', '[::1]:4711', 'LOCALHOST:4711', 'traces.example.org'])(
  'host %s is ours',
  (host) => expect(checkHost(request({ host }), hosts)).toBeNull(),
)

test.each(['evil.example:4711', '127.0.0.1:80', '127.0.0.1', '127.0.0.1.evil.example:4711', ''])(
  'host "%s" is refused',
  (host) => expect(checkHost(request({ host }), hosts)?.status).toBe(403),
)

test('an address bound for everybody does not make every host ours', () => {
  expect(checkHost(request({ host: '0.0.0.0:4711' }), allowedHosts('0.0.0.0', 4711, []))?.status).toBe(403)
})

test.each(['http://127.0.0.1:4711', 'http://localhost:4711', 'https://traces.example.org'])(
  'origin %s passes',
  (origin) => expect(checkOrigin(request({ origin }), hosts, ['https://traces.example.org'])).toBeNull(),
)

test.each(['http://evil.example', 'http://127.0.0.1:4712', 'https://127.0.0.1:4711', 'null'])(
  'origin %s is refused',
  (origin) => expect(checkOrigin(request({ origin }), hosts, ['https://traces.example.org'])?.status).toBe(403),
)

test('a request that comes from no page has no origin and is decided by its token', () => {
  expect(checkOrigin(request({}), hosts, [])).toBeNull()
})
