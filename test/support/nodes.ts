import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Role } from '../../schemas/role.ts'
import type { TestCluster } from './cluster.ts'

export const clusterId = 'test'
export const contaminationKey = 'ab'.repeat(32)

type Servers = Pick<TestCluster, 'url' | 'credentials'>

/** Writes the join file of a node with these roles, as `cluster node` does; gives its path. */
export async function joinFile(
  folder: string,
  { url, credentials }: Servers,
  node: string,
  held: readonly Role[],
  changes: object = {},
): Promise<string> {
  const file = join(folder, `${node}.node.json`)
  const checks = held.some((role) => role === 'critic' || role === 'evaluator' || role === 'operator')
  const facts = { node, cluster: clusterId, servers: url, ...(checks && { contaminationKey }), ...changes }
  const users = Object.fromEntries(held.map((role) => [role, credentials[role]]))
  await writeFile(file, JSON.stringify({ ...users, join: facts }), { mode: 0o600 })
  return file
}

/** The environment of the operator's commands, with the join file of the operator's host. */
export async function operatorHost(folder: string, servers: Servers): Promise<Record<string, string>> {
  const file = await joinFile(folder, servers, 'operator', ['operator', 'gateway'])
  return { NATS_URL: servers.url, SYLLABUS_CREDENTIALS: file }
}
