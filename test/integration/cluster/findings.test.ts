import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { endsSoon } from '../../../cluster/check/files.ts'
import { judge, type ServerFacts } from '../../../cluster/check/formed.ts'
import { checkReach } from '../../../cluster/check/reach.ts'
import type { Cluster } from '../../../cluster/cluster-file.ts'
import { parseHosts } from '../../../cluster/hosts.ts'

const GB = 1024 ** 3
const cluster = (
  ports: Partial<Cluster['ports']> = {},
  hosts = ['a=127.0.0.2', 'b=127.0.0.3', 'c=127.0.0.4'],
): Cluster => ({
  format: 1,
  id: 'lab-1',
  name: 'lab',
  hosts: parseHosts(hosts),
  ports: { clients: 4222, routes: 6222, monitor: 8222, ...ports },
  copies: 3,
  tls: 'off',
  storage: { folder: '/data', maxFileBytes: GB, maxMemoryBytes: 0, sync: '10s' },
  system: 'U',
  nodes: [],
})
const greeting = { server_id: 'N', server_name: 'a', version: '2.15.1', cluster: 'lab-1', max_payload: 8 * 1024 ** 2 }
const [host] = cluster().hosts
const replicas = (...offline: boolean[]) => offline.map((each, index) => ({ name: 'bc'[index]!, offline: each }))
const right: ServerFacts = {
  server: {
    host: host!,
    url: 'nats://127.0.0.2:4222',
    greeting: { ...greeting, jetstream: true, tls_required: false, tls_verify: false },
  },
  clockMs: 12,
  routes: ['b', 'c'],
  storage: { used: GB / 2, most: GB },
  meta: { leader: 'b', cluster_size: 3, replicas: replicas(false, false) },
}

describe('what a server says of itself', () => {
  test('is right', () => {
    expect(judge(cluster(), right).map(({ what, status }) => [what, status])).toEqual([
      ['cluster', 'ok'],
      ['storage', 'ok'],
      ['clock', 'ok'],
    ])
  })

  test.each<[string, Partial<ServerFacts>, string, string]>([
    ['a route is missing', { routes: ['b'] }, 'fault', 'cluster: no route to c'],
    ['no route at all', { routes: [] }, 'fault', 'cluster: no route to b, c'],
    ['no leader', { meta: { cluster_size: 3 } }, 'fault', 'cluster: JetStream has no leader'],
    ['no JetStream cluster', { meta: undefined }, 'fault', 'cluster: JetStream has no leader'],
    [
      'a server that is away',
      { meta: { leader: 'b', cluster_size: 3, replicas: replicas(false, true) } },
      'fault',
      'cluster: 3 copies need 3 servers, and JetStream has 2 (away: c)',
    ],
    [
      'fewer servers than copies',
      { meta: { leader: 'b', cluster_size: 2, replicas: replicas(false) } },
      'fault',
      'cluster: 3 copies need 3 servers, and JetStream has 2',
    ],
    ['a full disk', { storage: { used: 0.96 * GB, most: GB } }, 'fault', 'storage: it is full: 96 % of 1 GB'],
    ['no room at all', { storage: { used: 0, most: 0 } }, 'fault', 'storage: it is full: 100 % of 0 GB'],
    ['a clock behind', { clockMs: -3600_000 }, 'fault', 'clock: 3600.0 s behind this host'],
    ['a clock ahead', { clockMs: 3001 }, 'fault', 'clock: 3.0 s ahead of this host'],
    ['a clock that drifts', { clockMs: -1500 }, 'warning', 'clock: 1.5 s behind this host'],
  ])('%s', (_, change, status, detail) => {
    const wrong = judge(cluster(), { ...right, ...change }).filter((each) => each.status !== 'ok')
    expect(wrong.map((each) => [each.status, `${each.what}: ${each.detail}`])).toEqual([[status, detail]])
    expect(wrong[0]!.fix).toMatch(/\.$/)
  })

  test('one server alone needs no route', () => {
    const alone = { ...cluster({}, ['a=127.0.0.2']), copies: 1 as const }
    expect(judge(alone, { ...right, routes: [], meta: undefined }).map(({ status }) => status)).toEqual([
      'ok',
      'ok',
      'ok',
    ])
  })
})

test.each([
  [31, null],
  [30, null],
  [29.5, 29],
  [0.5, 0],
  [-1, -1],
])('a certificate that ends in %d days', (days, left) => {
  const now = Date.UTC(2026, 10, 30)
  expect(endsSoon(new Date(now + days * 24 * 3600_000), now)).toBe(left)
})

/** A server whose version is not that of the real one that tests have. */
async function greets(address: string, info: object) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write(`INFO ${JSON.stringify(info)}\r\n`)
    socket.on('data', () => socket.end("-ERR 'Authorization Violation'\r\n"))
  }).listen(0, address)
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => void server.close() }
}

test.each([
  ['2.9.25', 'NATS 2.9.25 is too old'],
  ['2.10.29', 'NATS 2.10.29 is too old'],
  ['', 'NATS of no version is too old'],
  ['1.4.1', 'NATS 1.4.1 is too old'],
])('a server of version "%s" is a fault', async (version, detail) => {
  using server = await greets('127.0.0.2', { ...greeting, version, jetstream: true })
  const { findings } = await checkReach(cluster({ clients: server.port }, ['a=127.0.0.2', 'b=127.0.0.3']), null)
  expect(findings.find(({ where }) => where === 'a')).toMatchObject({ status: 'fault', detail })
})

test.each(['2.11.0', '2.15.1', '3.0.0'])('a server of version %s is new enough', async (version) => {
  using server = await greets('127.0.0.2', { ...greeting, version, jetstream: true })
  const { findings } = await checkReach(cluster({ clients: server.port }, ['a=127.0.0.2', 'b=127.0.0.3']), null)
  expect(findings.find(({ where, what }) => where === 'a' && what === 'server')?.status).toBe('ok')
})
