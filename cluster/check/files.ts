import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { type HeldCredentials, readCredentials, type TlsFiles, userOf } from '../../bus/mod.ts'
import { textOrNull } from '../../machine/state-file.ts'
import { accountsOf, type Role, roles } from '../../schemas/role.ts'
import { UserError } from '../../schemas/user-error.ts'
import { certificateFault } from '../certificate-fault.ts'
import { type Cluster, filesIn } from '../cluster-file.ts'
import type { Host } from '../hosts.ts'
import { usersConf } from '../server-files.ts'
import { type ClusterFinding, type FindingPlace, fault, ok, warning } from './finding.ts'

/** A join file that belongs to the cluster. */
export type Joined = {
  file: string
  node: string
  roles: Role[]
  credentials: HeldCredentials
  tls: TlsFiles | undefined
}

/** Reads the join files, and compares each with what the cluster knows of its node. */
export function checkJoinFiles(folder: string, cluster: Cluster, files: readonly string[]) {
  const joined: Joined[] = []
  const findings = files.map((file): ClusterFinding => {
    const place = { where: file, what: 'join file' }
    try {
      const { credentials, tls, join: facts } = readCredentials(file)
      if (!facts)
        return fault(place, 'it is a credentials file, and names no cluster', 'Name one that "cluster node" wrote.')
      if (facts.cluster !== cluster.id)
        return fault(
          place,
          `it is of the cluster ${facts.cluster}, and ${folder} holds ${cluster.id}`,
          `Make one for this cluster: npx syllabus cluster node ${folder} --name ${facts.node} --roles … --out FILE`,
        )
      const node = cluster.nodes.find(({ name }) => name === facts.node)
      const held = roles.filter((role) => credentials[role])
      const isSame = held.every((role) =>
        accountsOf[role].every((account) => {
          const login = credentials[role]?.[account]
          const user = login && userOf(login)
          return user && 'nkey' in user && user.nkey === node?.users[role]?.[account]
        }),
      )
      if (!node || !isSame)
        return fault(
          place,
          node ? `the node ${facts.node} has other users now` : `the node ${facts.node} was revoked, or never added`,
          `Delete the file, and make another: npx syllabus cluster node ${folder} --name NAME --roles ${held.join(',')}`,
        )
      const twin = joined.find((other) => other.node === facts.node)
      if (twin)
        return fault(place, `it is the node ${facts.node}, as ${twin.file} is`, 'Give each host a node of its own.')
      joined.push({ file, node: facts.node, roles: held, credentials, tls })
      return ok(place, `node ${facts.node}: ${held.join(', ')}`)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return fault(place, error.what, error.fix)
    }
  })
  return { joined, findings }
}

/** A certificate that ends within these many days is worth a warning. */
const soonDays = 30
const day = 24 * 3600_000
const renewFix = (folder: string, { tls }: Cluster, what: string) =>
  tls === 'files' && what === 'clients'
    ? 'Have it signed again, put certificate and key in its place, and reload the server.'
    : `npx syllabus cluster renew ${folder}, then copy the .pem and .key files to their hosts, and reload the servers.`

/** Whether a certificate ends soon, in days; null where it does not. */
export function endsSoon(validTo: Date, now = Date.now()): number | null {
  const days = (validTo.getTime() - now) / day
  return days < soonDays ? Math.floor(days) : null
}

/** Until when a certificate is valid; a warning where that is soon. */
export function validity(place: FindingPlace, { validToDate }: X509Certificate, fix: string): ClusterFinding {
  const days = endsSoon(validToDate)
  const until = `until ${validToDate.toISOString().slice(0, 10)}`
  return days === null ? ok(place, until) : warning(place, `${until}: ${days} days are left`, fix)
}

/** What each host is given: whether it is what the cluster's own file says, and whether its certificates will be trusted. */
export async function checkHostFiles(folder: string, cluster: Cluster): Promise<ClusterFinding[]> {
  const files = filesIn(folder)
  const clientAuthority = cluster.tls === 'own' ? files.authority.cert : files.clientAuthority
  const authorities = { route: await textOrNull(files.authority.cert), clients: await textOrNull(clientAuthority) }
  const findings: ClusterFinding[] = []
  for (const host of cluster.hosts) {
    const place = { where: `hosts/${host.name}`, what: 'files' }
    const users = await textOrNull(join(files.host(host.name), 'users.conf'))
    if (users !== usersConf(cluster))
      findings.push(
        fault(
          place,
          'users.conf is not what cluster.json and this version of Syllabus have',
          `npx syllabus cluster renew ${folder}, then copy users.conf to its host, and reload the server.`,
        ),
      )
    const parts = cluster.tls === 'off' ? (['route'] as const) : (['route', 'clients'] as const)
    for (const part of parts) findings.push(await checkCertificate(folder, cluster, host, part, authorities[part]))
  }
  return findings
}

async function checkCertificate(
  folder: string,
  cluster: Cluster,
  host: Host,
  part: 'route' | 'clients',
  authority: string | null,
): Promise<ClusterFinding> {
  const place = { where: `hosts/${host.name}/${part}.pem`, what: 'certificate' }
  const fix = renewFix(folder, cluster, part)
  const [cert, key] = await Promise.all(
    [`${part}.pem`, `${part}.key`].map((file) => textOrNull(join(filesIn(folder).host(host.name), file))),
  )
  if (!cert || !key) return fault(place, 'it is missing, or its key is', fix)
  for (const address of host.addresses) {
    const why = await certificateFault({ cert, key }, authority, address)
    if (why) return fault(place, `nobody trusts it at ${address}: ${why}`, fix)
  }
  const found = validity(place, new X509Certificate(cert), fix)
  return found.status === 'ok' ? ok(place, `${host.addresses.join(', ')}, ${found.detail}`) : found
}
