import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { logStreamOf } from '../../../bus/subjects.ts'
import type { Role } from '../../../schemas/role.ts'
import { makeCertificate } from '../../support/certificates.ts'
import { type TestCluster, withCluster } from '../../support/cluster.ts'
import type { Command } from '../../support/command.ts'
import { type GenerateFolder, openGenerateFolder } from '../../support/generate.ts'
import { until } from '../../support/nats.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'

let folder: GenerateFolder
let cluster: TestCluster
const commands: Command[] = []
beforeAll(async () => {
  folder = await openGenerateFolder()
  const authority = makeCertificate(folder.path, 'authority')
  const { cert, key } = makeCertificate(folder.path, 'server', { names: 'IP:127.0.0.1', by: authority })
  const tls = { server: { cert_file: cert, key_file: key }, client: { ca: authority.cert } }
  cluster = await withCluster({ nkeys: true, tls, topology: false })
}, 60_000)
afterAll(async () => {
  for (const { child } of commands) child.kill('SIGTERM')
  await Promise.all(commands.map(({ ended }) => ended))
  await cluster[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** The environment of a host that holds these roles alone. */
async function hostWith(name: string, held: readonly Role[]): Promise<Record<string, string>> {
  const { tls, ...all } = JSON.parse(await readFile(cluster.credentialsFile, 'utf8'))
  const file = join(folder.path, `${name}-credentials.json`)
  await writeFile(file, JSON.stringify({ tls, ...Object.fromEntries(held.map((role) => [role, all[role]])) }))
  return { NATS_URL: cluster.url, SYLLABUS_CREDENTIALS: file }
}

test('a host with the credentials of generators alone helps a run on three servers over TLS with nkeys, and can do nothing else', async () => {
  let isHelped = () => false
  await using teacher = await startTeacherServer({ latencyMs: () => (isHelped() ? 5 : 500) })
  isHelped = () => teacher.byKey.has('k-helper')
  const start = (name: string, words: readonly string[], env: Record<string, string>) => {
    const command = folder.command(name, words, { ...env, OPENAI_BASE_URL: teacher.url })
    commands.push(command)
    return command
  }
  const helping = { ...(await hostWith('helper', ['generator'])), OPENAI_API_KEY: 'k-helper' }
  for (const [words, missing] of [
    [['agent', 'critic'], 'critic; missing: critic (LAB)'],
    [['status'], 'operator; missing: operator (LAB, EXAM, VAULT)'],
  ] as const) {
    const refused = start('helper', words, helping)
    expect(await refused.ended, refused.output()).toBe(2)
    expect(refused.output()).toContain(`needs the credentials of ${missing}`)
    expect(refused.output()).toMatch(/The file holds generator\./)
  }
  // A run that trains nothing asks for neither a bridge nor an evaluator.
  const held = await hostWith('mine', ['operator', 'gateway', 'planner', 'generator', 'critic'])
  const topology = await folder.topology('three', { storage: { copies: 3 } })
  const options = ['--rows', '200', '--concurrency', '4', '--run-id', 'mine', '--topology', topology]
  const { args } = folder.written('mine', teacher, options)
  const run = start('mine', args, { ...held, OPENAI_API_KEY: 'k-planted' })
  await until('some replies', () => teacher.requests >= 4 || run.child.exitCode !== null, 60_000)
  const helper = start('helper', ['agent', 'generator', '--run', 'mine'], helping)
  expect(await run.ended, `${run.output()}\n${helper.output()}`).toBe(0)
  expect(await helper.ended, helper.output()).toBe(0)
  expect((await folder.outcomeOf('mine')).rows).toBe(200)
  expect(teacher.byKey.get('k-helper')).toBeGreaterThan(0)
  const { jsm, nc } = await cluster.link()
  expect((await jsm.streams.info(logStreamOf.LAB)).config.num_replicas).toBe(3)
  await nc.close()
  // The key of the contamination index is where critics work, and nowhere else.
  const keys = ['helper', 'mine'].map((name) => existsSync(join(folder.path, `${name}-home`, 'contamination.key')))
  expect(keys).toEqual([false, true])
}, 240_000)
