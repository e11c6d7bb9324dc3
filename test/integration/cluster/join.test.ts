import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bus, connectBus, readCredentials } from '../../../bus/mod.ts'
import { addNode, revokeNode } from '../../../cluster/node.ts'
import { type Role, roles } from '../../../schemas/role.ts'
import { type MadeCluster, withMadeCluster } from '../../support/made-cluster.ts'
import { memoryLog, until } from '../../support/nats.ts'

let made: MadeCluster
beforeAll(async () => {
  made = await withMadeCluster()
})
afterAll(() => made[Symbol.asyncDispose]())

const open = (file: string, role: Role): Promise<Bus> => {
  const { credentials, tls, join: facts } = readCredentials(file)
  const who = { role, variant: 'test', instance: `${role}-test` }
  return connectBus({ servers: facts!.servers, credentials: credentials[role]!, tls, ...who, log: memoryLog() })
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
  await using bus = await open(file, 'trainer-bridge')
  expect(bus.sealed).toBe(true)
  const text = readFileSync(file, 'utf8')
  expect(text).not.toMatch(/VAULT|evaluator|operator|contamination/)
  await revokeNode(made.folder, 'gpu-1')
  await made.reload()
  await until('the live connection is closed by the servers', () =>
    made.cluster.hosts.some(({ name }) => /Authentication|Authorization|authentication/.test(made.log(name))),
  )
  await expect(open(file, 'trainer-bridge')).rejects.toThrow('refuses the nkey')
})
