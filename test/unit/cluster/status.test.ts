import { expect, test } from 'vitest'
import type { NodePresence } from '../../../cluster/node/presence.ts'
import { clusterTroubles, serversIn } from '../../../cluster/status.ts'

const copy = (server: string, more: object = {}) => ({ server, inSync: true, offline: false, behind: 0, ...more })
const stream = (name: string, leader: string | null, copies: ReturnType<typeof copy>[]) => ({
  ...{ account: 'LAB' as const, name, leader, messages: 1, bytes: 1, copies },
})
const server = { name: 'a', version: '2.11.0', cluster: 'c', otherAddresses: [] }
const node = (name: string, changes: Partial<NodePresence> = {}): NodePresence => ({
  ...{ node: name, id: name, cluster: 'c', host: 'h', boot: '', pid: 1, code: '1+a', layout: 2, startedAt: '' },
  ...{ clockOffsetMs: 3, roles: {}, serves: [], students: {}, troubles: [], notes: [] },
  ...changes,
})

test('servers are what their copies show: who leads, who is behind, who is away', () => {
  const streams = [
    stream('RUN', 'a', [
      copy('a'),
      copy('b', { inSync: false, behind: 7 }),
      copy('c', { offline: true, inSync: false }),
    ]),
    stream('KV_runs', 'b', [copy('b'), copy('a'), copy('c', { offline: true, inSync: false })]),
  ]
  const state = { server, streams, consumers: [] }
  expect(serversIn(state)).toEqual([
    { server: 'a', leads: 1, copies: 2, behind: 0, state: 'up' },
    { server: 'b', leads: 1, copies: 2, behind: 1, state: 'up' },
    { server: 'c', leads: 0, copies: 2, behind: 2, state: 'away' },
  ])
  expect(clusterTroubles({ ...state, servers: serversIn(state), nodes: [] }, 5000)).toEqual([
    'server c is away',
    'server b is behind its leaders with 1 copies',
  ])
})

test('one server alone has no copies, and nothing is wrong with that', () => {
  const state = { server: { ...server, cluster: null }, streams: [stream('RUN', null, [])], consumers: [] }
  expect(serversIn(state)).toEqual([{ server: 'a', leads: 0, copies: 0, behind: 0, state: 'up' }])
  expect(clusterTroubles({ ...state, servers: serversIn(state), nodes: [] }, 5000)).toEqual([])
})

test('nodes with other code, a wrong clock or a trouble are named, and a stream without a leader', () => {
  const state = { server, streams: [stream('RUN', null, [copy('b')])], consumers: [] }
  const nodes = [
    node('n1'),
    node('n2', { code: '1+b', clockOffsetMs: -9000, troubles: ['the key is missing'], notes: ['other code'] }),
  ]
  expect(clusterTroubles({ ...state, servers: serversIn(state), nodes }, 5000)).toEqual([
    'RUN of LAB has no leader: it takes and gives nothing',
    'nodes have different code: 1+a, 1+b',
    "the clock of node n2 is -9 s off the servers'",
    'node n2: the key is missing',
    'node n2: other code',
  ])
})
