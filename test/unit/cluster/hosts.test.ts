import { describe, expect, test } from 'vitest'
import { dialled, listening, parseHosts } from '../../../cluster/hosts.ts'

describe('hosts as they are written', () => {
  test.each([
    ['a=10.0.0.1', ['10.0.0.1']],
    ['a=10.0.0.1,a.example.org', ['10.0.0.1', 'a.example.org']],
    ['a=A.Example.ORG', ['a.example.org']],
    ['a=2001:DB8:0:0::1', ['2001:db8::1']],
    ['a=[2001:db8::1]', ['2001:db8::1']],
    ['a=::1', ['::1']],
    ['a=::ffff:10.0.0.1', ['::ffff:a00:1']],
    ['a=localhost', ['localhost']],
    ['a=bücher.example', ['xn--bcher-kva.example']],
    ['a=10.0.0.1, a.example.org', ['10.0.0.1', 'a.example.org']],
    ['a=nats-0.nats.default.svc.cluster.local', ['nats-0.nats.default.svc.cluster.local']],
    ['a=1-and-1.example', ['1-and-1.example']],
  ])('%s', (text, addresses) => expect(parseHosts([text])).toEqual([{ name: 'a', addresses }]))

  test.each([
    ['', 'names no address'],
    ['a', 'names no address'],
    ['a=', 'names no address'],
    ['=10.0.0.1', 'cannot name a host'],
    ['A B=10.0.0.1', 'cannot name a host'],
    ['../a=10.0.0.1', 'cannot name a host'],
    ['-a=10.0.0.1', 'cannot name a host'],
    [`${'a'.repeat(41)}=10.0.0.1`, 'cannot name a host'],
    ['a=10.0.0.1:4222', 'no address of a host'],
    ['a=[::1]:4222', 'no address of a host'],
    ['a=nats://10.0.0.1', 'no address of a host'],
    ['a=10.0.0.1/24', 'no address of a host'],
    ['a=10.0.0', 'no address of a host'],
    ['a=10.0.0.256', 'no address of a host'],
    ['a=fe80::1%eth0', 'no address of a host'],
    ['a=0.0.0.0', 'no address of a host'],
    ['a=::', 'no address of a host'],
    ['a=*.example.org', 'no address of a host'],
    ['a=a_b.example.org', 'no address of a host'],
    ['a=a..example.org', 'no address of a host'],
    ['a=10.0.0.1,', 'no address of a host'],
    ['a=user:pass@10.0.0.1', 'no address of a host'],
  ])('%s is refused', (text, why) => {
    expect(() => parseHosts([text])).toThrow(why)
  })

  test.each([
    [[], 'needs a host'],
    [['a=10.0.0.1', 'a=10.0.0.2'], '"a" stands for two hosts'],
    [['a=10.0.0.1', 'b=10.0.0.1'], '"10.0.0.1" stands for two hosts'],
    [['a=::1', 'b=0:0:0:0:0:0:0:1'], '"::1" stands for two hosts'],
  ])('%j is refused', (texts, why) => {
    expect(() => parseHosts(texts)).toThrow(why)
  })
})

test.each([
  ['a=10.0.0.1', '10.0.0.1', { others: '0.0.0.0', monitor: '127.0.0.1' }],
  ['a=2001:db8::1', '[2001:db8::1]', { others: '0.0.0.0', monitor: '127.0.0.1' }],
  ['a=127.0.0.2', '127.0.0.2', { others: '127.0.0.2', monitor: '127.0.0.2' }],
  ['a=::1', '[::1]', { others: '[::1]', monitor: '[::1]' }],
])('%s is dialled at %s and listens where others reach it', (text, address, places) => {
  const [host] = parseHosts([text])
  expect([dialled(host!), listening(host!)]).toEqual([address, places])
})
