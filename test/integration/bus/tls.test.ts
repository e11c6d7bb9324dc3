import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nkeys } from 'nats'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { BusSetupError, connectBus, readCredentials } from '../../../bus/mod.ts'
import { BusLimits } from '../../../schemas/bus-limits.ts'
import { type Certificate, makeCertificate } from '../../support/certificates.ts'
import { type ClusterOptions, type TestCluster, withCluster } from '../../support/cluster.ts'
import { memoryLog } from '../../support/nats.ts'

let folder: string
let authority: Certificate
let other: Certificate
let client: Certificate
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-tls-'))
  authority = makeCertificate(folder, 'authority')
  other = makeCertificate(folder, 'other')
  client = makeCertificate(folder, 'client', { by: authority })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

let servers = 0
/** A server that speaks TLS alone, with a certificate for these names; its clients know the authority. */
async function serverFor(
  names: string,
  {
    asksClients = false,
    hasExpired = false,
    ...options
  }: ClusterOptions & { asksClients?: boolean; hasExpired?: boolean } = {},
): Promise<TestCluster> {
  const { cert, key } = makeCertificate(folder, `server-${servers++}`, { names, by: authority, hasExpired })
  const server = { cert_file: cert, key_file: key, ca_file: authority.cert, verify: asksClients }
  const given = { ca: authority.cert, ...(asksClients && client) }
  const cluster = await withCluster({ size: 1, topology: false, tls: { server, client: given }, ...options })
  opened.push(cluster)
  return cluster
}
/** Connects as an operator with what a credentials file holds; gives whether the accounts are apart, or why not. */
async function connecting(cluster: TestCluster, change: object = {}, url = cluster.url): Promise<boolean | string> {
  const file = join(folder, 'credentials.json')
  const kept = JSON.parse(await readFile(cluster.credentialsFile, 'utf8'))
  await writeFile(file, JSON.stringify({ ...kept, ...change }))
  try {
    const { credentials, tls } = readCredentials(file)
    const who = { role: 'operator', variant: 'cli', instance: 'test', log: memoryLog() } as const
    const limits = BusLimits.parse({ requestMs: 3000 })
    await using bus = await connectBus({ servers: url, credentials: credentials.operator!, tls, limits, ...who })
    return bus.sealed
  } catch (error) {
    if (!(error instanceof BusSetupError)) throw error
    for (const part of [error.what, error.where, error.fix]) expect(part).not.toBe('')
    return error.message
  }
}

test('T2: a certificate is taken for the names and addresses that it holds, and for no others', async () => {
  const byAddress = await serverFor('IP:127.0.0.1')
  expect(await connecting(byAddress)).toBe(true)
  expect(await connecting(byAddress, {}, byAddress.url.replace('127.0.0.1', 'localhost'))).toMatch(
    /not trusted: .*Host: localhost\. is not cert/,
  )
  const byName = await serverFor('DNS:localhost')
  expect(await connecting(byName, {}, byName.url.replace('127.0.0.1', 'localhost'))).toBe(true)
  expect(await connecting(byName)).toMatch(/not trusted: .*127\.0\.0\.1 is not in the cert/)
  const byOther = await serverFor('IP:10.77.0.1,DNS:nats.example')
  expect(await connecting(byOther)).toMatch(/not trusted: .*127\.0\.0\.1 is not in the cert/)
})

test('a certificate of another authority, one that has expired, and none that is known are refused with the fix', async () => {
  const server = await serverFor('IP:127.0.0.1')
  expect(await connecting(server, { tls: { ca: other.cert } })).toMatch(
    /not trusted.*under tls\.ca in the credentials file/,
  )
  expect(await connecting(server, { tls: undefined })).toMatch(/not trusted.*under tls\.ca in the credentials file/)
  // Files of TLS ask for it, whatever the address says.
  expect(await connecting(server, {}, server.url.replace('tls://', 'nats://'))).toBe(true)
  const text = await readFile(authority.cert, 'utf8')
  expect(await connecting(server, { tls: { ca: text } })).toBe(true)
  await writeFile(join(folder, 'near.pem'), text)
  expect(await connecting(server, { tls: { ca: 'near.pem' } })).toBe(true)
  const expired = await serverFor('IP:127.0.0.1', { hasExpired: true })
  expect(await connecting(expired)).toMatch(/not trusted: certificate has expired/)
})

test('a server that asks its clients for a certificate takes those of its authority alone', async () => {
  const server = await serverFor('IP:127.0.0.1', { asksClients: true })
  expect(await connecting(server)).toBe(true)
  const stranger = makeCertificate(folder, 'stranger', { by: other })
  for (const own of [{}, stranger])
    expect(await connecting(server, { tls: { ca: authority.cert, ...own } })).toMatch(
      /refuses .*certificate.*tls\.cert and tls\.key in the file/,
    )
})

test('nkeys: the server knows public keys alone, every role logs in, and a seed of another is refused', async () => {
  const server = await serverFor('IP:127.0.0.1', { nkeys: true, topology: true })
  const conf = await readFile(server.credentialsFile.replace('credentials.json', 'n0.conf'), 'utf8')
  for (const role of Object.values(server.credentials))
    for (const login of Object.values(role)) expect(conf).not.toContain('nkeySeed' in login ? login.nkeySeed : '')
  expect(conf.match(/"nkey":"U[A-Z2-7]{55}"/g)).toHaveLength(12)
  expect(await connecting(server)).toBe(true)
  const evaluator = await server.open('evaluator', 'scorer')
  expect(evaluator.sealed).toBe(true)
  const unknown = { nkeySeed: Buffer.from(nkeys.createUser().getSeed()).toString() }
  const refused = await connecting(server, { operator: { ...server.credentials.operator, LAB: unknown } })
  expect(refused).toMatch(/refuses the nkey U[A-Z2-7]{55}/)
  expect(refused).not.toContain(unknown.nkeySeed)
})

describe('T1: an address that says tls:// sends nothing of a login in clear', () => {
  test.each([false, true])('nkeys: %s', async (nkeys) => {
    const server = await serverFor('IP:127.0.0.1', { nkeys })
    const received: string[] = []
    const nonce = nkeys ? { nonce: 'abcdefghijk' } : {}
    const info = {
      server_id: 'x',
      version: '2.15.1',
      proto: 1,
      headers: true,
      max_payload: 1_048_576,
      auth_required: true,
    }
    const plain = createServer((socket) => {
      socket.on('error', () => {}).on('data', (data) => received.push(data.toString('latin1')))
      socket.write(`INFO ${JSON.stringify({ ...info, ...nonce })}\r\n`)
    })
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    const address = plain.address()
    const port = typeof address === 'object' && address ? address.port : 0
    try {
      for (const url of [`tls://127.0.0.1:${port}`, `nats://127.0.0.1:${port}`])
        expect(await connecting(server, {}, url)).toMatch(/offers no TLS.*nothing was sent/)
      expect(await connecting(server, { tls: undefined }, `tls://127.0.0.1:${port}`)).toMatch(/offers no TLS/)
      expect(received.join('')).toBe('')
    } finally {
      plain.close()
    }
  })
})
