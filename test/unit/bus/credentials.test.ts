import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nkeys } from 'nats'
import { afterAll, describe, expect, test } from 'vitest'
import { readCredentials } from '../../../bus/credentials.ts'
import { BusSetupError } from '../../../bus/errors.ts'
import { accountsConfig } from '../../../bus/server-config.ts'
import { checkLogins } from '../../../launcher/bus-server.ts'
import { accountsOf, type Role, roles } from '../../../schemas/role.ts'

const folder = mkdtempSync(join(tmpdir(), 'syllabus-credentials-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const seedOf = (pair: nkeys.KeyPair) => Buffer.from(pair.getSeed()).toString()
const password = { user: 'u', pass: 'PLANTED' }
const nkey = { nkeySeed: seedOf(nkeys.createUser()) }

function read(content: unknown) {
  const path = join(folder, 'file.json')
  writeFileSync(path, JSON.stringify(content))
  return readCredentials(path)
}

test.each([
  [{ 'trainer-bridge': { LAB: password, EXAM: nkey } }],
  [{ planner: { LAB: nkey } }],
  [{ gateway: { LAB: password }, operator: { LAB: password, EXAM: password, VAULT: nkey } }],
  [{}],
])('a file may hold some roles alone: %#', (content) => {
  expect(read(content)).toEqual({ credentials: content, tls: undefined })
})

const account = seedOf(nkeys.createAccount())
const pem = '-----BEGIN CERTIFICATE-----\nPLANTED\n-----END CERTIFICATE-----\n'
describe('a file that cannot be used is refused with the place, and quotes nothing that may be a password', () => {
  test.each<[unknown, RegExp]>([
    ['PLANTED', /the file: write an object/],
    [['PLANTED'], /the file: write an object/],
    [{ planner: 'PLANTED' }, /planner: write an object/],
    [{ planner: { LAB: 'PLANTED' } }, /planner\.LAB: write \{"user"/],
    [{ planner: { LAB: { user: 'u' } } }, /planner\.LAB.*(write \{"user"|missing)/],
    [{ planner: { LAB: { user: '', pass: 'PLANTED' } } }, /planner\.LAB/],
    [{ planner: { LAB: { user: 'u', pass: ['PLANTED'] } } }, /planner\.LAB/],
    [{ planner: { LAB: { ...password, ...nkey } } }, /planner\.LAB/],
    [{ planner: { LAB: { nkeySeed: 'SUPLANTED' } } }, /planner\.LAB\.nkeySeed: this is not the seed of a user/],
    [{ planner: { LAB: { nkeySeed: account } } }, /this is not the seed of a user/],
    [{ planner: { OTHER: password } }, /planner/],
    [{ planer: { LAB: password } }, /there is no "planer"/],
    [{ tls: 'PLANTED' }, /tls: write an object/],
    [{ tls: { authority: 'PLANTED' } }, /tls: there is no "authority"/],
    [{ tls: { cert: pem } }, /tls: cert and key go together/],
    [{ tls: { ca: pem } }, /What TLS needs cannot be used.*tls\.ca in /],
    [{ tls: { ca: 'nowhere.pem' } }, /What TLS needs cannot be used: ENOENT.*nowhere\.pem/],
    [{ tls: { cert: pem, key: pem } }, /What TLS needs cannot be used/],
  ])('%j', (content, what) => {
    let error: unknown
    try {
      read(content)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(BusSetupError)
    const { message, fix, where } = error as BusSetupError
    expect(message).toMatch(what)
    expect(fix).not.toBe('')
    for (const secret of ['PLANTED', nkey.nkeySeed, account]) expect(`${message}${where}`).not.toContain(secret)
  })
})

const facts = { node: 'gpu-1', cluster: 'lab-1', servers: 'tls://h:4222' }
test.each<[string, object, RegExp]>([
  ['a field of the node', { join: { ...facts, zone: 'PLANTED' } }, /join: there is no "zone": a newer version/],
  ['several', { join: { ...facts, zone: 1, rack: 2 } }, /join: there is no "zone", "rack": a newer version/],
  ['a role', { auditor: { LAB: nkey }, join: facts }, /the file: there is no "auditor": a newer version/],
  ['a field of TLS', { tls: { pins: ['PLANTED'] }, join: facts }, /tls: there is no "pins": a newer version/],
  ['a number of copies', { join: { ...facts, copies: 7 } }, /join\.copies: write 1, 3 or 5: a newer version/],
  ['an address of another form', { join: { ...facts, servers: ['PLANTED'] } }, /join\.servers: .*: a newer version/],
])('a join file with what this version does not know may be of a newer one: %s', (_, content, what) => {
  expect(() => read({ generator: { LAB: nkey }, ...content })).toThrow(what)
  expect(() => read({ generator: { LAB: nkey }, ...content })).toThrow(
    /code of this host may be older.*version that wrote/s,
  )
  expect(() => read({ generator: { LAB: nkey }, ...content })).not.toThrow(/PLANTED|take it out/)
})

test('a join file with the seed of an account is not called one of a newer version', () => {
  const content = { generator: { LAB: { nkeySeed: account } }, join: facts }
  expect(() => read(content)).toThrow(/generator\.LAB\.nkeySeed: this is not the seed of a user/)
  expect(() => read(content)).not.toThrow(/newer version/)
})

test('users with nkeys have the allow lists of those with passwords, and the server is given public keys alone', () => {
  const everybody = (login: (role: Role, account: string) => object) =>
    Object.fromEntries(
      roles.map((role) => [role, Object.fromEntries(accountsOf[role].map((each) => [each, login(role, each)]))]),
    )
  const seeds = new Set<string>()
  const withPasswords = accountsConfig(everybody((role, each) => ({ user: `${role}-${each}`, pass: 'p' })))
  const withNkeys = accountsConfig(
    everybody(() => {
      const nkeySeed = seedOf(nkeys.createUser())
      seeds.add(nkeySeed)
      return { nkeySeed }
    }),
  )
  const lists = (config: typeof withNkeys) =>
    Object.entries(config).map(([name, { users }]) => [
      name,
      users.map((user) => 'permissions' in user && user.permissions),
    ])
  expect(lists(withNkeys)).toEqual(lists(withPasswords))
  const text = JSON.stringify(withNkeys)
  expect(text.match(/"nkey":"U[A-Z2-7]{55}"/g)).toHaveLength(seeds.size)
  for (const seed of seeds) expect(text).not.toContain(seed)
  expect(Object.values(accountsConfig({ planner: { LAB: nkey } })).map(({ users }) => users.length)).toEqual([1, 0, 0])
})

test('what a command lacks is named by role and account, with what the host holds', () => {
  const cluster = { servers: 'nats://h:4222', credentials: { 'trainer-bridge': { LAB: password, EXAM: nkey } } }
  expect(() => checkLogins(cluster, ['trainer-bridge'])).not.toThrow()
  const needed = ['operator', 'trainer-bridge', 'evaluator', 'operator'] as const
  expect(() => checkLogins(cluster, needed)).toThrow(
    /operator, trainer-bridge, evaluator; missing: operator \(LAB, EXAM, VAULT\), evaluator \(LAB, EXAM, VAULT\)/,
  )
  const half = { ...cluster, credentials: { 'trainer-bridge': { LAB: password } } }
  expect(() => checkLogins(half, ['trainer-bridge'])).toThrow(
    /missing: trainer-bridge \(EXAM\).*The file holds trainer-bridge/s,
  )
})
