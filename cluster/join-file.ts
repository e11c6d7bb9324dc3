import { createNkey, type HeldCredentials, type NodeFacts, type TlsFiles } from '../bus/mod.ts'
import { type Account, accountsOf, needsContaminationKey, type Role } from '../schemas/role.ts'
import type { ClusterNode } from './cluster-file.ts'

/** What all join files of a cluster have in common; `contaminationKey` is for the roles that need it. */
export type JoinFacts = Required<Pick<NodeFacts, 'cluster' | 'servers' | 'copies' | 'contaminationKey'>> & {
  ca: string | null
}

/** A join file as `readCredentials` reads it. */
export type JoinFile = HeldCredentials & { tls?: TlsFiles; join: NodeFacts }

export const joinText = (file: JoinFile): string => `${JSON.stringify(file, null, 2)}\n`

/** Makes the users of a node: seeds for its join file, public keys for the servers. */
export function createNode(
  name: string,
  roles: readonly Role[],
  { ca, contaminationKey, ...place }: JoinFacts,
): { node: ClusterNode; file: JoinFile } {
  const users: ClusterNode['users'] = {}
  const credentials: HeldCredentials = {}
  for (const role of roles) {
    const keys = accountsOf[role].map((account) => [account, createNkey()] as const)
    users[role] = Object.fromEntries(keys.map(([account, { publicKey }]) => [account, publicKey]))
    credentials[role] = Object.fromEntries(keys.map(([account, { seed }]) => [account, { nkeySeed: seed }])) as Record<
      Account,
      { nkeySeed: string }
    >
  }
  const key = roles.some(needsContaminationKey) ? { contaminationKey } : {}
  const file = { ...credentials, ...(ca && { tls: { ca } }), join: { node: name, ...place, ...key } }
  return { node: { name, roles: [...roles], users }, file }
}
