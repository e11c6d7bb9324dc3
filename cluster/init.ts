import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { createNkey } from '../bus/mod.ts'
import { ensureWritable } from '../machine/folders.ts'
import { ownerOnly, putInPlace, textOrNull, writeWhole } from '../machine/state-file.ts'
import { roles } from '../schemas/role.ts'
import { UsageError } from '../schemas/user-error.ts'
import { certificateFault } from './certificate-fault.ts'
import { issueCertificate, type KeyPair, makeAuthority } from './certificates.ts'
import { adminNode, type Cluster, changeCluster, filesIn } from './cluster-file.ts'
import { type Host, Name, parseHosts } from './hosts.ts'
import { createNode, joinText } from './join-file.ts'
import { natsConf, serversOf, unitFile, usersConf } from './server-files.ts'

export type ClusterPlan = {
  out: string
  /** As `--host` is written. */
  hosts: readonly string[]
  /** Default: the name of the folder. */
  name?: string
  copies?: Cluster['copies']
  tls: Cluster['tls']
  /** With `files`: a folder with HOST.pem and HOST.key for each host, and the authority that signed them, where systems do not know it. */
  certificates?: string
  authority?: string
  ports: Cluster['ports']
  storage: Cluster['storage']
  /** Where the files lie on the hosts. */
  configFolder: string
}

const publicFile = 0o644

/**
 * Writes the files of a new cluster: what its hosts are given, its authority, and the join file of whoever runs it. All of the folder, or
 * none.
 * @throws UsageError where the folder is not empty, or hosts, copies and certificates do not go together; MachineError
 */
export async function initCluster(plan: ClusterPlan): Promise<Cluster> {
  const out = resolve(plan.out)
  const hosts = parseHosts(plan.hosts)
  const name = plan.name ?? basename(out)
  const { error } = Name.safeParse(name)
  if (error)
    throw new UsageError(`"${name}" cannot name a cluster: ${error.issues[0]!.message}.`, 'Give it one with --name.')
  const copies = copiesFor(hosts, plan.copies)
  if (existsSync(out) && (await readdir(out)).length > 0)
    throw new UsageError(`${out} is not empty.`, 'Name a new folder with --out; a cluster is never written over.')
  const certificates = await clientCertificates(hosts, plan)
  const system = createNkey()
  const authority = await makeAuthority(`${name} authority`)
  const cluster: Cluster = {
    format: 1,
    id: `${name}-${randomBytes(4).toString('hex')}`,
    name,
    hosts,
    ports: plan.ports,
    copies,
    tls: plan.tls,
    storage: plan.storage,
    system: system.publicKey,
    nodes: [],
  }
  const admin = createNode(adminNode, roles, {
    cluster: cluster.id,
    servers: serversOf(cluster),
    copies,
    ca: plan.tls === 'own' ? authority.cert : certificates.authority,
    contaminationKey: randomBytes(32).toString('hex'),
  })
  cluster.nodes.push(admin.node)
  const partial = `${out}.${process.pid}.partial`
  try {
    ensureWritable(join(partial, 'ca'), 'name another with --out', 0o700)
    const files = filesIn(partial)
    await writeWhole(files.authority.cert, authority.cert, publicFile)
    await writeWhole(files.authority.key, authority.key, ownerOnly)
    if (certificates.authority) await writeWhole(files.clientAuthority, certificates.authority, publicFile)
    await writeWhole(files.contaminationKey, admin.file.join.contaminationKey!, ownerOnly)
    await writeWhole(files.system, system.seed, ownerOnly)
    await writeWhole(files.admin, joinText(admin.file), ownerOnly)
    for (const host of hosts) {
      const folder = files.host(host.name)
      await mkdir(folder, { recursive: true })
      // Its copy on the host is entered by the server's user; here the folder above is closed.
      await chmod(folder, 0o755)
      const write = (file: string, text: string, mode = publicFile) => writeWhole(join(folder, file), text, mode)
      await write('nats.conf', natsConf(cluster, host))
      await write('users.conf', usersConf(cluster))
      await write('nats-server.service', unitFile(cluster, host, plan.configFolder))
      await write('ca.pem', authority.cert)
      await writeCertificates(folder, {
        ...(await ownCertificates(authority, cluster, host)),
        ...certificates.of[host.name],
      })
    }
    await writeWhole(files.cluster, `${JSON.stringify(cluster, null, 2)}\n`)
    await putInPlace(partial, out)
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return cluster
}

/**
 * Writes for all hosts what ends or changes: certificates of the own authority, and the permissions of users as this version of Syllabus
 * needs them. Certificates of yours stay as they are.
 * @throws UsageError
 */
export async function renewHosts(folder: string): Promise<Cluster> {
  const cluster = await changeCluster(folder, async (same) => same, usersConf)
  const files = filesIn(folder)
  const [cert, key] = [await textOrNull(files.authority.cert), await textOrNull(files.authority.key)]
  if (!cert || !key)
    throw new UsageError(
      `${files.authority.key} or its certificate is missing.`,
      "Take both from a backup of the cluster's folder.",
    )
  for (const host of cluster.hosts)
    await writeCertificates(files.host(host.name), await ownCertificates({ cert, key }, cluster, host))
  return cluster
}

type Certificates = Partial<Record<'route' | 'clients', KeyPair>>

const ownCertificates = async (authority: KeyPair, { tls }: Cluster, host: Host): Promise<Certificates> => ({
  route: await issueCertificate(authority, host),
  ...(tls === 'own' && { clients: await issueCertificate(authority, host) }),
})

async function writeCertificates(folder: string, certificates: Certificates): Promise<void> {
  for (const [what, { cert, key }] of Object.entries(certificates)) {
    await writeWhole(join(folder, `${what}.pem`), cert, publicFile)
    await writeWhole(join(folder, `${what}.key`), key, ownerOnly)
  }
}

function copiesFor(hosts: readonly Host[], wanted: Cluster['copies'] | undefined): Cluster['copies'] {
  const copies = wanted ?? (hosts.length >= 3 ? 3 : 1)
  if (hosts.length >= copies) return copies
  throw new UsageError(
    `${copies} copies need ${copies} hosts, each with a server of its own, and there ${hosts.length === 1 ? 'is' : 'are'} ${hosts.length}.`,
    'Name more with --host, or ask for fewer with --copies.',
  )
}

/** What clients are shown by each host, of `--tls files`. */
async function clientCertificates(hosts: readonly Host[], { tls, certificates, authority }: ClusterPlan) {
  const of: Record<string, { clients: KeyPair }> = {}
  if (tls !== 'files') {
    if (certificates !== undefined || authority !== undefined)
      throw new UsageError(
        '--certificates and --ca are read with --tls files alone.',
        'Give --tls files, or leave them out.',
      )
    return { of, authority: null }
  }
  const fix =
    'With --tls files, --certificates names a folder with HOST.pem (with the certificates between it and its authority) and HOST.key for each host, and --ca the file of the authority where systems do not know it.'
  if (certificates === undefined) throw new UsageError('There is no folder with certificates.', fix)
  const read = async (path: string) => {
    const text = await textOrNull(path)
    if (text !== null) return text
    throw new UsageError(`${path} is missing.`, fix)
  }
  const ca = authority === undefined ? null : await read(authority)
  for (const host of hosts) {
    const [cert, key] = [`${host.name}.pem`, `${host.name}.key`].map((file) => join(certificates, file))
    const pair = { cert: await read(cert!), key: await read(key!) }
    for (const address of host.addresses) {
      const fault = await certificateFault(pair, ca, address)
      if (fault) throw new UsageError(`${cert} cannot be the certificate of ${host.name} at ${address}: ${fault}.`, fix)
    }
    of[host.name] = { clients: pair }
  }
  return { of, authority: ca }
}
