import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { needsContaminationKey, type Role } from '../../schemas/role.ts'
import { type TestCluster, withCluster } from './cluster.ts'
import { openCommands } from './command.ts'
import { type GenerateFolder, openGenerateFolder } from './generate.ts'

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
  const key = held.some(needsContaminationKey) && { contaminationKey }
  const facts = { node, cluster: clusterId, servers: url, ...key, ...changes }
  const users = Object.fromEntries(held.map((role) => [role, credentials[role]]))
  await writeFile(file, JSON.stringify({ ...users, join: facts }), { mode: 0o600 })
  return file
}

/** The environment of the operator's commands, with the join file of the operator's host. */
export async function operatorHost(folder: string, servers: Servers): Promise<Record<string, string>> {
  const file = await joinFile(folder, servers, 'operator', ['operator', 'gateway'])
  return { NATS_URL: servers.url, SYLLABUS_CREDENTIALS: file }
}

/**
 * A cluster of one server, a folder of homes, and the commands and nodes that the tests of a file start there; all of it ends with them.
 * Without `topology` the bus has no streams.
 */
export function useNodes({ topology = false }: { topology?: boolean } = {}) {
  const commands = openCommands()
  const opened = {} as { folder: GenerateFolder; cluster: TestCluster; operator: Record<string, string> }
  beforeAll(async () => {
    opened.folder = await openGenerateFolder()
    opened.cluster = await withCluster({ size: 1, topology })
    opened.operator = await operatorHost(opened.folder.path, opened.cluster)
  }, 60_000)
  afterAll(async () => {
    await commands[Symbol.asyncDispose]()
    await opened.cluster[Symbol.asyncDispose]()
    await opened.folder[Symbol.asyncDispose]()
  })
  return Object.assign(opened, {
    started: commands.started,
    /** Starts a node with a join file of these roles. */
    async startNode(name: string, roles: readonly Role[], words: readonly string[], env = {}) {
      const file = await joinFile(opened.folder.path, opened.cluster, name, roles)
      return commands.started(opened.folder.command(name, ['node', 'start', file, ...words], env))
    },
  })
}
