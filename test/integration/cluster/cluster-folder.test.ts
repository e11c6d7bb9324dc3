import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCredentials } from '../../../bus/mod.ts'
import { issueCertificate, type KeyPair, makeAuthority } from '../../../cluster/certificates.ts'
import { checkHostFiles } from '../../../cluster/check/files.ts'
import { readCluster } from '../../../cluster/cluster-file.ts'
import { initCluster, renewHosts } from '../../../cluster/init.ts'
import { addNode, revokeNode } from '../../../cluster/membership.ts'
import { accountsOf, roles } from '../../../schemas/role.ts'
import { planOf } from '../../support/made-cluster.ts'

const folder = mkdtempSync(join(tmpdir(), 'syllabus-cluster-folder-'))
const lab = join(folder, 'lab')
beforeAll(async () => {
  await initCluster(await planOf(lab))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const text = (...path: string[]) => readFileSync(join(...path), 'utf8')
let copiesMade = 0
/** A copy of the cluster's folder, to be changed. */
const copyOfLab = () => {
  const copy = join(folder, `copy-${copiesMade++}`)
  cpSync(lab, copy, { recursive: true })
  return copy
}

describe('what init writes', () => {
  test('secrets are for their owner alone, and are in no file of a host but its own keys', () => {
    const files = globSync('**/*', { cwd: lab }).filter((file) => statSync(join(lab, file)).isFile())
    const isPrivate = (file: string) => (statSync(join(lab, file)).mode & 0o077) === 0
    const secret = files.filter((file) => /PRIVATE KEY|SU[A-Z2-7]{56}|^[0-9a-f]{64}$/.test(text(lab, file))).sort()
    expect(secret).toEqual([
      'admin.node.json',
      'ca/ca.key',
      'contamination.key',
      ...['a', 'b', 'c'].flatMap((host) => [`hosts/${host}/clients.key`, `hosts/${host}/route.key`]),
      'system.nk',
    ])
    expect(secret.filter((file) => !isPrivate(file))).toEqual([])
  })

  test('the admin file holds all roles, and no other file names what it holds', async () => {
    const { credentials, tls, join: facts } = readCredentials(join(lab, 'admin.node.json'))
    for (const role of roles) expect(Object.keys(credentials[role] ?? {}), role).toEqual([...accountsOf[role]])
    const { id } = await readCluster(lab)
    expect(facts).toMatchObject({ node: 'admin', cluster: id, contaminationKey: text(lab, 'contamination.key') })
    expect(facts!.servers).toMatch(/^tls:\/\/127\.0\.0\.2:\d+,tls:\/\/127\.0\.0\.3:\d+,tls:\/\/127\.0\.0\.4:\d+$/)
    expect(tls).toEqual({ ca: text(lab, 'ca', 'ca.pem') })
  })

  test('all hosts are given the same users, and accounts have neither exports nor imports', () => {
    const users = text(lab, 'hosts/a/users.conf')
    expect([text(lab, 'hosts/b/users.conf'), text(lab, 'hosts/c/users.conf')]).toEqual([users, users])
    expect(users).not.toMatch(/import|export|mappings|password/)
    expect(users.match(/"nkey":"U/g)).toHaveLength(Object.values(accountsOf).flat().length + 1)
  })

  test.each([
    ['a folder that is not empty', { out: lab }, /lab is not empty/],
    [
      'more copies than hosts',
      { hosts: ['a=10.0.0.1', 'b=10.0.0.2'], copies: 3 },
      /3 copies need 3 hosts, .* there are 2/,
    ],
    ['a name that is none', { name: 'My Lab' }, /"My Lab" cannot name a cluster/],
    ['certificates without --tls files', { certificates: folder }, /read with --tls files alone/],
    ['--tls files without certificates', { tls: 'files' }, /There is no folder with certificates/],
  ] as const)('%s is refused, and nothing is written', async (_, change, why) => {
    const out = join(folder, 'refused')
    await expect(initCluster(await planOf(out, change as object))).rejects.toThrow(why)
    expect(existsSync(out)).toBe(false)
  })
})

describe('certificates of others', () => {
  const addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.4']
  let authority: KeyPair
  beforeAll(async () => {
    authority = await makeAuthority('somebody else')
    writeFileSync(join(folder, 'their-ca.pem'), authority.cert)
  })
  async function certificates(name: string, change: (index: number) => Promise<Partial<KeyPair>> | Partial<KeyPair>) {
    const out = mkdtempSync(join(folder, `${name}-`))
    for (const [index, host] of ['a', 'b', 'c'].entries()) {
      const right = await issueCertificate(authority, { name: host, addresses: [addresses[index]!] })
      const { cert, key } = { ...right, ...(await change(index)) }
      if (cert !== '') writeFileSync(join(out, `${host}.pem`), cert)
      writeFileSync(join(out, `${host}.key`), key)
    }
    return out
  }
  const plan = async (dir: string, name: string) =>
    planOf(join(folder, name), { tls: 'files', certificates: dir, authority: join(folder, 'their-ca.pem') })

  test('are given to hosts as they are; routes keep those of the own authority', async () => {
    const dir = await certificates('right', () => ({}))
    const { tls } = await initCluster(await plan(dir, 'with-files'))
    expect(tls).toBe('files')
    expect(text(folder, 'with-files/hosts/b/clients.pem')).toBe(text(dir, 'b.pem'))
    expect(text(folder, 'with-files/hosts/b/ca.pem')).toBe(text(folder, 'with-files/ca/ca.pem'))
    expect(readCredentials(join(folder, 'with-files/admin.node.json')).tls).toEqual({ ca: authority.cert })
    await renewHosts(join(folder, 'with-files'))
    expect(text(folder, 'with-files/hosts/b/clients.pem')).toBe(text(dir, 'b.pem'))
  })

  const issue = (names: string[], days?: number, by = authority) =>
    issueCertificate(by, { name: 'b', addresses: names, ...(days !== undefined && { days }) })
  test.each([
    [
      'an expired one',
      () => issue(['127.0.0.3'], -1),
      /b\.pem cannot be the certificate of b at 127\.0\.0\.3: certificate has expired/,
    ],
    [
      'one of another authority',
      async () => issue(['127.0.0.3'], 9, await makeAuthority('third')),
      /cannot be .* unable to verify/,
    ],
    ['one without the address', () => issue(['127.0.0.9']), /cannot be .*does not match certificate's altnames/],
    ['one for a name only', () => issue(['b.example.org']), /cannot be .*altnames/],
    ['a key of another', async () => ({ key: (await issue(['127.0.0.3'])).key }), /cannot be .*key/i],
    ['no PEM', () => ({ cert: 'hello' }), /cannot be .*PEM|no start line/i],
    ['no file', () => ({ cert: '' }), /b\.pem is missing/],
  ])('%s is refused', async (name, pair, why) => {
    const dir = await certificates('wrong', (index) => (index === 1 ? pair() : {}))
    await expect(initCluster(await plan(dir, `refused ${name}`.replaceAll(' ', '-')))).rejects.toThrow(why)
  })
})

describe('nodes', () => {
  test("a trainer's file opens LAB and EXAM, holds no byte for VAULT, and is its owner's alone", async () => {
    const copy = copyOfLab()
    const file = join(copy, 'gpu-1.node.json')
    await addNode(copy, 'gpu-1', ['trainer-bridge'], file)
    const { credentials, join: facts } = readCredentials(file)
    expect(credentials).toEqual({ 'trainer-bridge': { LAB: expect.anything(), EXAM: expect.anything() } })
    expect(facts).toEqual({ node: 'gpu-1', cluster: expect.any(String), servers: expect.any(String), copies: 3 })
    expect(text(file)).not.toMatch(/VAULT|vault|operator|evaluator/)
    expect(text(file)).not.toContain(text(copy, 'contamination.key'))
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const seeds = text(file).match(/SU[A-Z2-7]+/g)!
    for (const seed of seeds) expect(text(copy, 'hosts/a/users.conf') + text(copy, 'cluster.json')).not.toContain(seed)
    expect(text(copy, 'hosts/c/users.conf')).toContain('#   gpu-1: trainer-bridge')
  })

  test.each(roles.map((role) => [role]))(
    'the contamination key is in the file of %s only where it is needed',
    async (role) => {
      const copy = copyOfLab()
      const file = join(copy, 'n.node.json')
      await addNode(copy, 'n', [role], file)
      const needed = role === 'critic' || role === 'evaluator' || role === 'operator'
      expect(text(file).includes(text(copy, 'contamination.key'))).toBe(needed)
    },
  )

  test('a name is given once, a file is never written over, and a node that is revoked leaves its name', async () => {
    const copy = copyOfLab()
    const file = join(copy, 'n.node.json')
    await addNode(copy, 'n', ['generator'], file)
    const before = [text(file), text(copy, 'cluster.json')]
    await expect(addNode(copy, 'n', ['critic'], join(copy, 'm.node.json'))).rejects.toThrow('has a node n already')
    await expect(addNode(copy, 'm', ['critic'], file)).rejects.toThrow('n.node.json is there already')
    await expect(addNode(copy, 'N 1', ['critic'], join(copy, 'x'))).rejects.toThrow('"N 1" cannot name a node')
    await expect(revokeNode(copy, 'm')).rejects.toThrow(/has no node m.*|It has admin, n/)
    expect([text(file), text(copy, 'cluster.json')]).toEqual(before)
    await revokeNode(copy, 'n')
    expect(text(copy, 'hosts/b/users.conf')).toBe(text(lab, 'hosts/b/users.conf'))
    await addNode(copy, 'n', ['critic'], join(copy, 'new.node.json'))
  })

  test('nodes that are added at the same time are all there', async () => {
    const copy = copyOfLab()
    const names = ['n1', 'n2', 'n3', 'n4']
    await Promise.all(names.map((name) => addNode(copy, name, ['generator'], join(copy, `${name}.node.json`))))
    const { nodes } = await readCluster(copy)
    expect(nodes.map(({ name }) => name).sort()).toEqual(['admin', ...names])
    for (const name of names) expect(text(copy, 'hosts/a/users.conf')).toContain(`#   ${name}: generator`)
  })

  test('renew writes certificates that last, and the users that a change of the files lost', async () => {
    const copy = copyOfLab()
    const before = ['ca.pem', 'users.conf', 'nats.conf'].map((file) => text(copy, 'hosts/a', file))
    const certificate = text(copy, 'hosts/a/clients.pem')
    writeFileSync(join(copy, 'hosts/a/users.conf'), 'accounts {}')
    const places = async () =>
      (await checkHostFiles(copy, await readCluster(copy))).filter(({ status }) => status !== 'ok')
    expect(await places()).toEqual([expect.objectContaining({ status: 'fault', where: 'hosts/a', what: 'files' })])
    await renewHosts(copy)
    expect(['ca.pem', 'users.conf', 'nats.conf'].map((file) => text(copy, 'hosts/a', file))).toEqual(before)
    expect(text(copy, 'hosts/a/clients.pem')).not.toBe(certificate)
    expect(await places()).toEqual([])
  })

  test('a folder that is no cluster is named', async () => {
    await expect(addNode(folder, 'n', ['generator'], join(folder, 'n'))).rejects.toThrow('There is no cluster in')
    await expect(revokeNode(join(folder, 'nowhere'), 'n')).rejects.toThrow('There is no cluster in')
  })
})
