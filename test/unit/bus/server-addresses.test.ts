import { describe, expect, test } from 'vitest'
import { credentialsFromUrl } from '../../../bus/credentials.ts'
import { BusSetupError } from '../../../bus/errors.ts'

const login = (user: string, pass: string) => ({ user, pass })
const nobody = login('', '')

test.each([
  ['nats://10.77.0.1:4222', 'nats://10.77.0.1:4222', nobody],
  ['10.77.0.1:4222', 'nats://10.77.0.1:4222', nobody],
  ['localhost', 'nats://localhost:4222', nobody],
  ['nats://a:4222,nats://b:4223', 'nats://a:4222,nats://b:4223', nobody],
  ['nats://a:4222, nats://b:4222,', 'nats://a:4222,nats://b:4222', nobody],
  ['10.77.0.1:4222,10.77.0.2:4222', 'nats://10.77.0.1:4222,nats://10.77.0.2:4222', nobody],
  ['nats://a,b,c', 'nats://a:4222,nats://b:4222,nats://c:4222', nobody],
  ['nats://u:p@a:1,nats://u:p@b:2', 'nats://a:1,nats://b:2', login('u', 'p')],
  ['nats://u:p@a,b', 'nats://a:4222,nats://b:4222', login('u', 'p')],
  ['nats://user:pa%2Fss@h:4222', 'nats://h:4222', login('user', 'pa/ss')],
  ['u:secret@h:4222', 'nats://h:4222', login('u', 'secret')],
  ['tls://h', 'tls://h:4222', nobody],
  ['TLS://h:1,nats://i:2', 'tls://h:1,tls://i:2', nobody],
  ['nats://[fe80::1]:4222', 'nats://[fe80::1]:4222', nobody],
  ['nats://ü.example', 'nats://xn--tda.example:4222', nobody],
  ['nats://h:4222/', 'nats://h:4222', nobody],
])('%s is read', (url, servers, expected) => {
  const read = credentialsFromUrl(url)
  expect(read.servers).toBe(servers)
  expect(read.credentials.planner.LAB).toEqual(expected)
})

/** Whatever stands where a password may stand is written as PLANTED here. */
const refused: readonly [string, RegExp][] = [
  ['', /NATS_URL is empty/],
  [' , ', /NATS_URL is empty/],
  ['http://h', /"http:\/\/" is not spoken here/],
  ['ws://h:80', /"ws:\/\/" is not spoken here/],
  ['wss://u:PLANTED@h:443/nats', /"wss:\/\/" is not spoken here/],
  ['nats+tls://h', /is not spoken here/],
  ['nats://[::1', /no address/],
  ['nats://h:99999', /no address/],
  ['nats://h:0', /no address/],
  ['nats://a b:4222', /no address/],
  ['nats://u:PLANTED@h:x', /no address/],
  ['nats://PLANTED@h:4222', /tokens are not used/],
  ['nats://user:@h', /without a password/],
  ['nats://:PLANTED@h', /without a password/],
  ['nats://h:4222/x', /nothing after its port/],
  ['nats://h?token=PLANTED', /nothing after its port/],
  ['nats://u:PLANTED/x@h:4222', /address/],
  ['nats://u:PLANTED#x@h:4222', /address/],
  ['nats://u:PLANTED%ss@h', /% .* is written as %25/],
  ['nats://u:PLANTED@a,nats://v:PLANTED@b', /different users/],
  ['nats://u:PLANTED,x@h', /address/],
]

describe('an address that cannot be used is refused by name, with what to write, and its password is shown nowhere', () => {
  test.each(refused)('%s', (url, what) => {
    let error: unknown
    try {
      credentialsFromUrl(url)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(BusSetupError)
    const { message, where } = error as BusSetupError
    expect(message).toMatch(what)
    expect(message).toContain('Write NATS_URL as nats://host:port')
    expect(`${message}${where}`).not.toContain('PLANTED')
  })
})
