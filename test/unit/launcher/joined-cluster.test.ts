import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { takeServers } from '../../../launcher/joined-cluster.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'syllabus-join-file-'))
afterEach(() => vi.unstubAllEnvs())
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'gpu-1.node.json')
const joinFile = { join: { node: 'gpu-1', cluster: 'lab-1', servers: 'tls://10.0.0.1:4222' } }

test.each<[string, unknown, Record<string, string>, string | undefined]>([
  ['a join file', joinFile, { SYLLABUS_CREDENTIALS: file }, 'tls://10.0.0.1:4222'],
  ['an empty NATS_URL', joinFile, { SYLLABUS_CREDENTIALS: file, NATS_URL: '' }, 'tls://10.0.0.1:4222'],
  ['NATS_URL stands before it', joinFile, { SYLLABUS_CREDENTIALS: file, NATS_URL: 'nats://b' }, 'nats://b'],
  ['a credentials file', {}, { SYLLABUS_CREDENTIALS: file }, undefined],
  ['no servers', { join: { servers: '' } }, { SYLLABUS_CREDENTIALS: file }, undefined],
  ['servers that are none', { join: { servers: ['a'] } }, { SYLLABUS_CREDENTIALS: file }, undefined],
  ['null', null, { SYLLABUS_CREDENTIALS: file }, undefined],
  ['no file', joinFile, { SYLLABUS_CREDENTIALS: join(folder, 'none') }, undefined],
  ['a folder', joinFile, { SYLLABUS_CREDENTIALS: folder }, undefined],
  ['nothing named', joinFile, {}, undefined],
])('%s', (_, held, env, url) => {
  writeFileSync(file, JSON.stringify(held))
  takeServers(env)
  expect(env.NATS_URL).toBe(url)
})

test('a topology that does not say how many copies has those of the cluster whose join file is named', async () => {
  writeFileSync(file, JSON.stringify({ join: { ...joinFile.join, copies: 3 } }))
  vi.stubEnv('SYLLABUS_CREDENTIALS', file)
  const local = 'deploy/topologies/local.yaml'
  const own = join(folder, 'own.yaml')
  writeFileSync(own, `${readFileSync(local, 'utf8')}\nstorage: { copies: 1 }\n`)
  expect((await readTopology(local)).storage.copies).toBe(3)
  expect((await readTopology(own)).storage.copies).toBe(1)
  vi.stubEnv('SYLLABUS_CREDENTIALS', join(folder, 'none'))
  expect((await readTopology(local)).storage.copies).toBe(1)
})
