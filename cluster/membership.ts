import { resolve } from 'node:path'
import { createWhole, ownerOnly, textOrNull } from '../machine/state-file.ts'
import type { Role } from '../schemas/role.ts'
import { UsageError } from '../schemas/user-error.ts'
import { type Cluster, changeCluster, filesIn } from './cluster-file.ts'
import { Name } from './hosts.ts'
import { createNode, joinText } from './join-file.ts'
import { serversOf, usersConf } from './server-files.ts'

/**
 * Makes the users of a new node, writes its join file, and adds their public keys to what all hosts are given.
 * @throws UsageError where the name is taken or the file is there; MachineError
 */
export async function addNode(folder: string, name: string, roles: readonly Role[], out: string): Promise<Cluster> {
  const { error } = Name.safeParse(name)
  if (error)
    throw new UsageError(`"${name}" cannot name a node: ${error.issues[0]!.message}.`, 'Give another with --name.')
  const files = filesIn(folder)
  const secret = async (path: string) => {
    const text = await textOrNull(path)
    if (text !== null) return text.trim()
    throw new UsageError(`${path} is missing.`, "Take it from a backup of the cluster's folder.")
  }
  const change = async (cluster: Cluster): Promise<Cluster> => {
    if (cluster.nodes.some((node) => node.name === name))
      throw new UsageError(
        `The cluster ${cluster.id} has a node ${name} already.`,
        `Give another name, or take that one out with "npx syllabus cluster revoke ${folder} ${name}".`,
      )
    const { node, file } = createNode(name, roles, {
      cluster: cluster.id,
      servers: serversOf(cluster),
      copies: cluster.copies,
      ca: cluster.tls === 'own' ? await secret(files.authority.cert) : await textOrNull(files.clientAuthority),
      contaminationKey: await secret(files.contaminationKey),
    })
    if (!(await createWhole(resolve(out), joinText(file), ownerOnly)))
      throw new UsageError(`${out} is there already.`, 'A join file is never written over: name another with --out.')
    return { ...cluster, nodes: [...cluster.nodes, node] }
  }
  return changeCluster(folder, change, usersConf)
}

/**
 * Takes the users of a node out of what all hosts are given. Once they have read it, its join file opens nothing.
 * @throws UsageError where there is no such node
 */
export async function revokeNode(folder: string, name: string): Promise<Cluster> {
  const change = async (cluster: Cluster): Promise<Cluster> => {
    const nodes = cluster.nodes.filter((node) => node.name !== name)
    if (nodes.length < cluster.nodes.length) return { ...cluster, nodes }
    const names = cluster.nodes.map((node) => node.name).join(', ')
    throw new UsageError(`The cluster ${cluster.id} has no node ${name}.`, `It has ${names || 'none'}.`)
  }
  return changeCluster(folder, change, usersConf)
}

/** What a person does so that the servers know of a change of nodes. */
export const reloadSteps = (folder: string, { hosts }: Cluster): string =>
  [
    'The servers know of it once each has its new users.conf and reads it:',
    ...hosts.map(({ name, addresses }) => `  ${folder}/hosts/${name}/users.conf -> ${addresses[0]}`),
    'Then, on each: systemctl reload nats-server (or: nats-server --signal reload). No server is restarted.',
  ].join('\n')
