import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { holdFile } from '../machine/held-file.ts'
import { readState, writeWhole } from '../machine/state-file.ts'
import { Account, Role } from '../schemas/role.ts'
import { UsageError } from '../schemas/user-error.ts'
import { Host, Name } from './hosts.ts'

const port = z.number().int().min(1).max(65_535)
const bytes = z.number().int().nonnegative()

/** What speaks TLS with clients: the cluster's own authority, certificates of others, or nothing. Routes have TLS always. */
export const tlsModes = ['own', 'files', 'off'] as const

/** A node: a host with agents, or a person who gives commands. */
export const ClusterNode = z.strictObject({
  name: Name,
  roles: z.array(Role).min(1),
  /** Public keys. */
  users: z.partialRecord(Role, z.partialRecord(Account, z.string())),
})
export type ClusterNode = z.infer<typeof ClusterNode>

/** All that is known of a cluster; no secret. Every file of its hosts is made from this one. */
export const Cluster = z.strictObject({
  format: z.literal(1),
  /** Its name and a random part. The servers have it as the name of their cluster, join files name it. */
  id: z.string(),
  name: Name,
  hosts: z.array(Host).min(1),
  ports: z.strictObject({ clients: port, routes: port, monitor: port }),
  /** How many servers are to hold everything. */
  copies: z.union([z.literal(1), z.literal(3), z.literal(5)]),
  tls: z.enum(tlsModes),
  storage: z.strictObject({
    /** Of each host. */
    folder: z.string(),
    maxFileBytes: bytes,
    maxMemoryBytes: bytes,
    /** How often a server syncs its files to the disk, as NATS has it: a duration, or `always`. */
    sync: z.string(),
  }),
  /** Public key of the user of the system account. */
  system: z.string(),
  nodes: z.array(ClusterNode),
})
export type Cluster = z.infer<typeof Cluster>

/** The node of whoever holds the cluster's folder: all roles. */
export const adminNode = 'admin'

/** The files of a cluster in its folder. */
export const filesIn = (folder: string) => ({
  cluster: join(folder, 'cluster.json'),
  authority: { cert: join(folder, 'ca', 'ca.pem'), key: join(folder, 'ca', 'ca.key') },
  /** The authority of the certificates that clients are shown, where a file was given. */
  clientAuthority: join(folder, 'ca', 'clients-ca.pem'),
  contaminationKey: join(folder, 'contamination.key'),
  system: join(folder, 'system.nk'),
  admin: join(folder, `${adminNode}.node.json`),
  host: (name: string) => join(folder, 'hosts', name),
})

/**
 * What a cluster's folder holds.
 * @throws UsageError where it is none; StateFileError
 */
export async function readCluster(folder: string): Promise<Cluster> {
  const path = filesIn(folder).cluster
  const found = await readState(path, Cluster, 'Take the file from a backup of the folder: it has no secret in it.')
  if (found) return found
  throw new UsageError(
    `There is no cluster in ${folder}: ${path} is missing.`,
    'Name the folder that "npx syllabus cluster init --out" made.',
  )
}

/** Writes what is known, and then the users of all hosts. */
export async function changeCluster(
  folder: string,
  change: (before: Cluster) => Promise<Cluster>,
  usersConf: (cluster: Cluster) => string,
): Promise<Cluster> {
  if (!existsSync(filesIn(folder).cluster)) return readCluster(folder)
  await using _ = await holdFile(join(folder, 'cluster.lock'), { waitMs: 10_000 })
  const after = await change(await readCluster(folder))
  await writeWhole(filesIn(folder).cluster, `${JSON.stringify(after, null, 2)}\n`)
  for (const { name } of after.hosts)
    await writeWhole(join(filesIn(folder).host(name), 'users.conf'), usersConf(after), 0o644)
  return after
}
