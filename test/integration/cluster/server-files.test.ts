import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectBus, readCredentials } from '../../../bus/mod.ts'
import { issueCertificate, makeAuthority } from '../../../cluster/certificates.ts'
import { initCluster } from '../../../cluster/init.ts'
import { loopback, planOf, withMadeCluster } from '../../support/made-cluster.ts'
import { memoryLog, natsBinary } from '../../support/nats.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-server-files-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('nats-server takes what init writes', () => {
  test.each([
    ['IPv4', { hosts: ['a=10.0.0.1', 'b=10.0.0.2', 'c=10.0.0.3'] }],
    ['IPv6', { hosts: ['a=2001:db8::1', 'b=2001:db8::2', 'c=2001:db8::3'] }],
    ['names', { hosts: ['a=a.example.org', 'b=b.example.org,10.0.0.2', 'c=c'] }],
    ['one host', { hosts: ['a=10.0.0.1'] }],
    ['five hosts', { hosts: loopback(5), copies: 5 as const }],
    ['clients without TLS', { tls: 'off' as const }],
    [
      'other limits',
      { storage: { folder: '/data/nats', maxFileBytes: 2 * 1024 ** 4, maxMemoryBytes: 1024 ** 3, sync: 'always' } },
    ],
  ])('%s', async (name, plan) => {
    const out = join(folder, name.replaceAll(' ', '-'))
    const { hosts } = await initCluster(await planOf(out, plan))
    for (const host of hosts) {
      const cwd = join(out, 'hosts', host.name)
      const { stderr } = spawnSync(await natsBinary(), ['-t', '-c', 'nats.conf'], { cwd, encoding: 'utf8' })
      expect(stderr).toMatch(/is valid/)
    }
  })

  const verifier = spawnSync('systemd-analyze', ['--version']).status === 0
  test.skipIf(!verifier)('systemd takes the unit (skipped where there is no systemd-analyze)', async () => {
    const out = join(folder, 'unit')
    await initCluster(
      await planOf(out, {
        storage: { folder: '/var/lib/syllabus-nats', maxFileBytes: 1, maxMemoryBytes: 0, sync: '1s' },
      }),
    )
    const unit = join(out, 'hosts/a/nats-server.service')
    const written = await readFile(unit, 'utf8')
    expect(written).toMatch(/^StateDirectory=syllabus-nats$/m)
    // The server is on the PATH of the host, not on that of this machine.
    await writeFile(unit, written.replace('ExecStart=nats-server', `ExecStart=${await natsBinary()}`))
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' })
    expect([status, stdout, stderr]).toEqual([0, '', ''])
  })
})

describe('clients reach a server as its certificate names it', () => {
  const connectAll = async (made: Awaited<ReturnType<typeof withMadeCluster>>) => {
    const { credentials, tls, join: facts } = readCredentials(join(made.folder, 'admin.node.json'))
    const who = { role: 'operator', variant: 'test', instance: 'test' } as const
    await using bus = await connectBus({
      servers: facts!.servers,
      cluster: facts!.cluster,
      credentials: credentials.operator!,
      tls,
      ...who,
      log: memoryLog(),
    })
    return [facts!.servers, bus.sealed]
  }
  test.each([
    ['a DNS name', 'a=localhost', /^tls:\/\/localhost:/],
    ['an IPv6 address', 'a=::1', /^tls:\/\/\[::1\]:/],
    ['an IPv4 address', 'a=127.0.0.7', /^tls:\/\/127\.0\.0\.7:/],
  ])('%s', async (_, host, url) => {
    await using made = await withMadeCluster({ hosts: [host] })
    const [servers, sealed] = await connectAll(made)
    expect([sealed, servers]).toEqual([true, expect.stringMatching(url)])
  })

  test('no TLS for clients: nkeys all the same', async () => {
    await using made = await withMadeCluster({ tls: 'off', hosts: loopback(1) })
    expect(await connectAll(made)).toEqual([expect.stringMatching(/^nats:/), true])
  })

  test('certificates of others', async () => {
    const authority = await makeAuthority('others')
    await writeFile(join(folder, 'a.pem'), '')
    const { cert, key } = await issueCertificate(authority, { name: 'a', addresses: ['127.0.0.2'] })
    for (const [file, text] of Object.entries({ 'a.pem': cert, 'a.key': key, 'ca.pem': authority.cert }))
      await writeFile(join(folder, file), text)
    const files = { certificates: folder, authority: join(folder, 'ca.pem') }
    await using made = await withMadeCluster({ tls: 'files', hosts: loopback(1), ...files })
    expect(await connectAll(made)).toEqual([expect.stringMatching(/^tls:/), true])
  })
})
