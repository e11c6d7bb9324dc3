import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bus, bareConnection, connectBus, readCredentials } from '../../../bus/mod.ts'
import { makeAuthority } from '../../../cluster/certificates.ts'
import { checkCluster } from '../../../cluster/check/check-cluster.ts'
import { addNode, revokeNode } from '../../../cluster/membership.ts'
import { serversOf } from '../../../cluster/server-files.ts'
import { BusLimits } from '../../../schemas/bus-limits.ts'
import { type Role, roles } from '../../../schemas/role.ts'
import { syllabus } from '../../support/command.ts'
import { type MadeCluster, withMadeCluster } from '../../support/made-cluster.ts'
import { memoryLog } from '../../support/nats.ts'

let made: MadeCluster
beforeAll(async () => {
  made = await withMadeCluster()
})
afterAll(() => made[Symbol.asyncDispose]())

const open = (file: string, role: Role, limits?: BusLimits): Promise<Bus> => {
  const { credentials, tls, join: facts } = readCredentials(file)
  const who = { role, variant: 'test', instance: `${role}-test` }
  return connectBus({ servers: facts!.servers, credentials: credentials[role]!, tls, limits, ...who, log: memoryLog() })
}

test('every role of the admin file connects over TLS, and three copies of everything are made', async () => {
  const file = join(made.folder, 'admin.node.json')
  await using operator = await open(file, 'operator')
  const sizes = { logMaxBytes: 64 * 1024 ** 2, logMaxAgeMs: 3_600_000, objectsMaxBytes: 64 * 1024 ** 2 }
  await operator.ensureTopology({ ...sizes, copies: made.cluster.copies })
  for (const role of roles) {
    await using bus = await open(file, role)
    expect(bus.sealed, role).toBe(true)
  }
  const ref = await operator.objects.putJson('LAB', 'task/x', ['x'])
  await using generator = await open(file, 'generator')
  expect(new TextDecoder().decode(await generator.objects.get(ref))).toBe('["x"]')
})

test("a node's file opens its roles after a reload, and nothing after it was revoked and a reload: a live connection ends too", async () => {
  const file = join(made.folder, 'gpu-1.node.json')
  await addNode(made.folder, 'gpu-1', ['trainer-bridge'], file)
  await expect(open(file, 'trainer-bridge')).rejects.toThrow('refuses the nkey')
  await made.reload()
  const { credentials, tls } = readCredentials(file)
  const open1 = async (server: string) => {
    const nc = await bareConnection({ server, login: credentials['trainer-bridge']!.LAB!, tls })
    return { nc, closed: nc.closed() }
  }
  const live = await Promise.all(serversOf(made.cluster).split(',').map(open1))
  await using operator = await open(join(made.folder, 'admin.node.json'), 'operator')
  const ref = await operator.objects.putJson('LAB', 'task/y', ['y'])
  await using bus = await open(file, 'trainer-bridge', BusLimits.parse({ awayMs: 6_000, requestMs: 1_000 }))
  expect(bus.sealed).toBe(true)
  expect(new TextDecoder().decode(await bus.objects.get(ref))).toBe('["y"]')
  expect(live.map(({ nc }) => nc.isClosed())).toEqual([false, false, false])
  await revokeNode(made.folder, 'gpu-1')
  await made.reload()
  await Promise.all(live.map(({ closed }) => closed))
  // What waits for the servers reads why, not only that nothing answers.
  await expect(bus.objects.get(ref)).rejects.toThrow(/refuses the nkey/)
  await expect(open(file, 'trainer-bridge')).rejects.toThrow('refuses the nkey')
  for (const server of serversOf(made.cluster).split(','))
    await expect(open1(server)).rejects.toThrow('refuses the nkey')
})

describe('a command with a join file and nothing else', () => {
  const status = async (file: string, env: Record<string, string> = {}) => {
    const home = join(made.folder, 'home')
    mkdirSync(home, { recursive: true })
    const command = syllabus(['status'], { SYLLABUS_HOME: home, SYLLABUS_CREDENTIALS: file, ...env })
    return { code: await command.ended, text: command.output() }
  }
  const changed = (
    change: (file: Record<string, never> & { join: { servers: string; cluster: string }; tls: { ca: string } }) => void,
  ) => {
    const file = JSON.parse(readFileSync(join(made.folder, 'admin.node.json'), 'utf8'))
    change(file)
    const path = join(made.folder, 'changed.node.json')
    writeFileSync(path, JSON.stringify(file))
    return path
  }

  test('works on the cluster', async () => {
    const { code, text } = await status(join(made.folder, 'admin.node.json'))
    expect([code, text]).toEqual([0, expect.not.stringMatching(/embedded/)])
  })

  test.each([
    [
      'of another cluster',
      (file) => (file.join.cluster = 'lab-00000000'),
      /are of the cluster lab-\w+, and the join file is of lab-0{8} .*Name a join file of that cluster/s,
    ],
    [
      'with another authority',
      (file) => (file.tls.ca = otherCa),
      /The certificate of the NATS server is not trusted: .*Name the authority/s,
    ],
    [
      'with a name that no certificate has',
      (file) => (file.join.servers = `tls://[::ffff:127.0.0.2]:${made.cluster.ports.clients}`),
      /not trusted: .*is not in the cert's list: 127\.0\.0\.2 .*Dial a name that it has/s,
    ],
    [
      'with users that no server has',
      (file) => Object.assign(file, { operator: strangers }),
      /refuses the nkey U\w+ .*once it has the new users\.conf/s,
    ],
    [
      'without an operator',
      (file) => void delete file.operator,
      /needs the credentials of operator; missing: operator/,
    ],
    ['with servers that are none', (file) => (file.join.servers = 'http://a'), /"http:\/\/" is not spoken here/],
  ] as [string, Parameters<typeof changed>[0], RegExp][])(
    'one %s ends it with what, where and how to fix it',
    async (_, change, why) => {
      const { code, text } = await status(changed(change))
      expect(text).toMatch(why)
      expect(code).toBe(2)
      expect(text).not.toMatch(/SU[A-Z2-7]{20}/)
    },
  )

  test('one that cannot be read starts no server of its own', async () => {
    const path = join(made.folder, 'cut.node.json')
    writeFileSync(path, '{"join": ')
    mkdirSync(join(made.folder, 'home', 'nats'), { recursive: true })
    const { code, text } = await status(path)
    expect(text).toMatch(/The credentials file cannot be used: it is not JSON/)
    expect(code).toBe(2)
  })
})

const seed = 'SUAGCNWNT5S3RNGRQ4IJPEEMWZIYS3JGCP4TEPTUSFNDI3NRLUFVYIOEJE'
const strangers = Object.fromEntries(['LAB', 'EXAM', 'VAULT'].map((account) => [account, { nkeySeed: seed }]))
let otherCa: string
beforeAll(async () => {
  otherCa = (await makeAuthority('lab authority')).cert
})

test('an account that is full is a fault of the check, and streams that are larger than it are refused with how to fix it', async () => {
  const storage = { ...made.cluster.storage, maxFileBytes: 16 * 1024 ** 2 }
  await using small = await withMadeCluster({ hosts: ['a=127.0.0.8'], storage })
  const file = join(small.folder, 'admin.node.json')
  await using operator = await open(file, 'operator')
  const sizes = { logMaxBytes: 1024 ** 3, logMaxAgeMs: 3_600_000, objectsMaxBytes: 1024 ** 3 }
  await expect(operator.ensureTopology(sizes)).rejects.toThrow(
    /cannot be made: .*Free disk space, raise the account's limit/,
  )
  const { credentials, tls } = readCredentials(file)
  const nc = await bareConnection({ server: serversOf(small.cluster), login: credentials.operator!.LAB!, tls })
  const request = async (subject: string, payload: string | Uint8Array) => (await nc.request(subject, payload)).string()
  await request('$JS.API.STREAM.CREATE.X', JSON.stringify({ name: 'X', subjects: ['x'], storage: 'file' }))
  const megabyte = new Uint8Array(2 ** 19)
  let answer = ''
  while (!answer.includes('error')) answer = await request('x', megabyte)
  await nc.close()
  const { findings } = await checkCluster(small.folder, [])
  const faults = findings.filter(({ status }) => status === 'fault')
  expect(faults[0]).toMatchObject({ where: 'a', detail: expect.stringMatching(/LAB: the account is full/) })
})
