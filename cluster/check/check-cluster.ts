import { Login } from '../../bus/mod.ts'
import { textOrNull } from '../../machine/state-file.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { adminNode, type Cluster, filesIn, readCluster } from '../cluster-file.ts'
import { checkAllowed } from './allowed.ts'
import { checkHostFiles, checkJoinFiles } from './files.ts'
import { type ClusterFinding, hasFault } from './finding.ts'
import { checkFormed } from './formed.ts'
import { checkReach } from './reach.ts'

export type ClusterCheck = { cluster: Cluster; findings: ClusterFinding[]; isRight: boolean }

/**
 * Checks a cluster before anything is run on it: files, then what each server is from outside, then what they are together, then what each
 * role can and cannot do on each. It ends after the first of these that has a fault, since what follows rests on it. Nothing is changed.
 * @throws UsageError where the folder is no cluster
 */
export async function checkCluster(folder: string, nodeFiles: readonly string[]): Promise<ClusterCheck> {
  const cluster = await readCluster(folder)
  const files = filesIn(folder)
  const findings: ClusterFinding[] = []
  const ended = (more: readonly ClusterFinding[]): boolean => {
    findings.push(...more)
    return hasFault(more)
  }
  const result = (isRight: boolean): ClusterCheck => ({ cluster, findings, isRight })
  // It may have been revoked, as any other.
  const own = cluster.nodes.some(({ name }) => name === adminNode) ? [files.admin] : []
  const { joined, findings: ofJoinFiles } = checkJoinFiles(folder, cluster, [...own, ...nodeFiles])
  if (ended([...ofJoinFiles, ...(await checkHostFiles(folder, cluster))])) return result(false)
  const ca = await textOrNull(cluster.tls === 'own' ? files.authority.cert : files.clientAuthority)
  const authority = cluster.tls === 'off' ? null : ca
  const { servers, findings: ofServers } = await checkReach(cluster, authority)
  if (ended(ofServers)) return result(false)
  const system = Login.safeParse({ nkeySeed: (await textOrNull(files.system))?.trim() })
  if (!system.success)
    throw new UsageError(`${files.system} holds no seed of a user.`, "Take it from a backup of the cluster's folder.")
  const tls = authority === null ? undefined : { ca: authority }
  if (ended(await checkFormed(cluster, servers, system.data, tls))) return result(false)
  for (const each of joined)
    if (ended((await Promise.all(servers.map((server) => checkAllowed(server, each)))).flat())) return result(false)
  return result(true)
}
