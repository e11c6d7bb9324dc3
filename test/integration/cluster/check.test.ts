import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { issueCertificate, makeAuthority } from '../../../cluster/certificates.ts'
import { checkCluster } from '../../../cluster/check/check-cluster.ts'
import type { ClusterFinding } from '../../../cluster/check/finding.ts'
import { addNode, revokeNode } from '../../../cluster/membership.ts'
import { roles } from '../../../schemas/role.ts'
import { syllabus } from '../../support/command.ts'
import { type MadeCluster, withMadeCluster } from '../../support/made-cluster.ts'

let made: MadeCluster
beforeAll(async () => {
  made = await withMadeCluster()
})
afterAll(() => made[Symbol.asyncDispose]())

const wrong = (findings: readonly ClusterFinding[]) => findings.filter(({ status }) => status !== 'ok')
const check = async (...files: string[]) => {
  const { findings, isRight } = await checkCluster(made.folder, files)
  return {
    isRight,
    faults: wrong(findings).map((each) => `${each.where} | ${each.what} | ${each.detail} | ${each.fix}`),
  }
}
const inHost = (host: string, file: string) => join(made.folder, 'hosts', host, file)

/** Runs the check while the files of host c are others and its server has them, then puts everything back. */
async function withChanged(files: Record<string, (before: string) => string>, use: () => Promise<void>): Promise<void> {
  const before = Object.keys(files).map((file) => [file, readFileSync(inHost('c', file), 'utf8')] as const)
  await made.kill('c')
  for (const [file, text] of before) writeFileSync(inHost('c', file), files[file]!(text))
  try {
    await made.start('c')
    // The administrator's folder is right; what the host has is not.
    for (const [file, text] of before) writeFileSync(inHost('c', file), text)
    await use()
  } finally {
    await made.kill('c')
    for (const [file, text] of before) writeFileSync(inHost('c', file), text)
    await made.start('c')
  }
}

test('a cluster as it was made is right: every role on every server, and nothing of it is changed', async () => {
  const { findings, isRight } = await checkCluster(made.folder, [])
  expect(wrong(findings)).toEqual([])
  expect(isRight).toBe(true)
  for (const host of ['a', 'b', 'c'])
    for (const role of roles)
      expect(findings.find((each) => each.where === host && each.what === `admin: ${role}`)?.detail).toMatch(
        /permissions as they should be/,
      )
  const refused = findings.flatMap(({ detail }) => Number(/(\d+) attempts refused/.exec(detail)?.[1] ?? 0))
  expect(refused.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(2000)
  // The check left nothing: no stream, no consumer.
  const after = await fetch(`http://127.0.0.2:${made.cluster.ports.monitor}/jsz`)
  expect(await after.json()).toMatchObject({ streams: 0, consumers: 0 })
})

test('as a command: a table and exit code 0; with a fault what, where and how to fix it, and exit code 2', async () => {
  const right = syllabus(['cluster', 'check', made.folder], {})
  expect(await right.ended, right.output()).toBe(0)
  expect(right.output()).toMatch(/^a +strangers +ok +refused without TLS, and without a user$/m)
  await addNode(made.folder, 'late', ['generator'], join(made.folder, 'late.node.json'))
  const early = syllabus(['cluster', 'check', made.folder, '--node', join(made.folder, 'late.node.json')], {})
  expect(await early.ended, early.output()).toBe(2)
  expect(early.output()).toMatch(
    /fault: a, late: generator: LAB: The NATS server refuses the nkey U.*Copy hosts\/a\/users\.conf to it, and reload it/,
  )
  await made.reload()
  expect(await check(join(made.folder, 'late.node.json'))).toEqual({ isRight: true, faults: [] })
  await revokeNode(made.folder, 'late')
  const { faults } = await check(join(made.folder, 'late.node.json'))
  expect(faults).toEqual([
    expect.stringMatching(/late\.node\.json \| join file \| the node late was revoked.*Delete the file/),
  ])
  await made.reload()
})

describe('join files', () => {
  const file = (name: string) => join(made.folder, name)
  const changed = (name: string, change: (text: string) => string) => {
    writeFileSync(file(name), change(readFileSync(file('admin.node.json'), 'utf8')))
    return file(name)
  }
  test.each([
    [
      'of another cluster',
      (text: string) => text.replaceAll(made.cluster.id, 'lab-00000000'),
      /of the cluster lab-0{8}, and .* holds lab-/,
    ],
    ['of a node that is there already', (text: string) => text, /it is the node admin, as .*admin\.node\.json is/],
    [
      'of nobody',
      (text: string) => text.replace('"node": "admin"', '"node": "ghost"'),
      /ghost was revoked, or never added/,
    ],
    [
      'with other users',
      (text: string) => text.replace(/"planner"[^}]*\{[^}]*\}\s*\},/, otherPlanner),
      /has other users now/,
    ],
    ['without a cluster', (text: string) => text.replace(/,\s*"join": \{[^}]*\}/, ''), /names no cluster/],
    ['that is cut off', (text: string) => text.slice(0, -20), /cannot be used: it is not JSON/],
    ['with a bad seed', (text: string) => text.replace(/SU[A-Z2-7]+/, 'SUXX'), /cannot be used: /],
    ['that is not there', null, /cannot be used: .*ENOENT/],
  ])('one %s is a fault, and no server is asked', async (name, change, why) => {
    const path = change ? changed(`wrong ${name}.json`, change) : file('nowhere.json')
    const { isRight, faults } = await check(path)
    expect([isRight, faults]).toEqual([false, [expect.stringMatching(why)]])
    expect(faults.join()).not.toMatch(/SU[A-Z2-7]{20}/)
  })
})
const otherPlanner = '"planner": {"LAB": {"nkeySeed": "SUAGCNWNT5S3RNGRQ4IJPEEMWZIYS3JGCP4TEPTUSFNDI3NRLUFVYIOEJE"}},'

describe('a server that is not as it was written', () => {
  const withoutBlock = (block: string) => (text: string) =>
    text.replace(new RegExp(`^${block} \\{[^}]*\\}\\n`, 'm'), '')
  test.each([
    ['has no JetStream', { 'nats.conf': withoutBlock('jetstream') }, /^c \| server \| it has no JetStream/],
    [
      'takes clients without TLS',
      { 'nats.conf': withoutBlock('tls') },
      /^c \| certificate \| the server offers no TLS/,
    ],
    [
      'has another name',
      { 'nats.conf': (text: string) => text.replace('server_name: "c"', 'server_name: "x"') },
      /^c \| server \| the server at .* is x of lab-/,
    ],
    [
      'is of another cluster',
      { 'nats.conf': (text: string) => text.replace(/name: "lab-\w+"/, 'name: "other"') },
      /^c \| server \| .* is c of other, not c of lab-/,
    ],
    [
      'takes short messages alone',
      { 'nats.conf': (text: string) => text.replace(/max_payload: \d+/, 'max_payload: 1048576') },
      /^c \| server \| it takes messages of 1048576 bytes/,
    ],
    [
      'takes anybody',
      { 'nats.conf': (text: string) => `${text}\nno_auth_user: ${userOf('generator')}\n` },
      /^c \| strangers \| it takes connections without a user/,
    ],
    [
      'lets a role do more',
      { 'users.conf': (text: string) => allowing(text, userOf('generator'), '$JS.API.STREAM.MSG.GET.OBJECTS_VAULT') },
      /^c \| admin: generator \| LAB: the server gives the user other permissions/,
    ],
    [
      'lets a role do less',
      { 'users.conf': (text: string) => text.replace('"$JS.API.INFO",', '') },
      /^c \| admin: .* other permissions/,
    ],
    [
      'puts a user into another account',
      { 'users.conf': swapped },
      /^c \| admin: .* takes the user for one of account EXAM/,
    ],
    [
      'has users of before',
      { 'users.conf': (text: string) => text.replaceAll(userOf('critic'), otherUser) },
      /^c \| admin: critic \| LAB: The NATS server refuses the nkey .*Copy hosts\/c\/users\.conf/,
    ],
    [
      'does not know the system user',
      { 'users.conf': (text: string) => text.replaceAll(made.cluster.system, otherUser) },
      /^c \| cluster \| The NATS server refuses the nkey/,
    ],
  ])('that %s is a fault, and nothing later is looked at', async (_, files, why) => {
    await withChanged(files, async () => {
      const { isRight, faults } = await check()
      expect(isRight).toBe(false)
      expect(faults).toContainEqual(expect.stringMatching(why))
    })
  })

  test('that is down is a fault', async () => {
    await made.kill('b')
    expect((await check()).faults).toEqual([
      expect.stringMatching(/^b \| address \| no NATS server answers at tls:\/\/127\.0\.0\.3:\d+ \| Start it there/),
    ])
    await made.start('b')
  })

  const pair = (names: string[], days?: number, authority?: () => ReturnType<typeof makeAuthority>) => async () => {
    const [cert, key] = ['ca/ca.pem', 'ca/ca.key'].map((file) => readFileSync(join(made.folder, file), 'utf8'))
    const by = (await authority?.()) ?? { cert: cert!, key: key! }
    return issueCertificate(by, { name: 'c', addresses: names, ...(days !== undefined && { days }) })
  }
  test.each([
    [
      'has expired',
      pair(['127.0.0.4'], -1),
      false,
      /^c \| certificate \| clients that dial 127\.0\.0\.4 do not trust it: certificate has expired.*renew/,
    ],
    ['ends soon', pair(['127.0.0.4'], 9), true, /^c \| certificate \| until .*: [89] days are left/],
    [
      'is for another address',
      pair(['127.0.0.9']),
      false,
      /^c \| certificate \| .*does not match certificate's altnames/,
    ],
    [
      'is of another authority',
      pair(['127.0.0.4'], 99, () => makeAuthority('others')),
      false,
      /^c \| certificate \| clients that dial .* do not trust it/,
    ],
  ])('whose certificate %s', async (_, issue, isRight, why) => {
    const { cert, key } = await issue()
    await withChanged({ 'clients.pem': () => cert, 'clients.key': () => key }, async () => {
      const found = await check()
      expect(found).toEqual({ isRight, faults: [expect.stringMatching(why)] })
    })
  })
})

const otherUser = 'UDD4IJBYA7MT627G36G664WZUNJFT4UENQK76WNJ6E2V3UIO7FR2VWM5'
const userOf = (role: 'generator' | 'critic') => made.cluster.nodes[0]!.users[role]!.LAB!
const allowing = (text: string, user: string, subject: string) =>
  text.replace(new RegExp(`("nkey":"${user}","permissions":\\{"publish":\\{"allow":\\[)`), `$1"${subject}",`)

/** The users of LAB and EXAM of the bridge, each in the other's place. */
function swapped(text: string): string {
  const { LAB, EXAM } = made.cluster.nodes[0]!.users['trainer-bridge']!
  return text.replaceAll(LAB!, '<EXAM>').replaceAll(EXAM!, LAB!).replaceAll('<EXAM>', EXAM!)
}
