import { type Account, accounts, accountsOf, type Role, roles } from '../schemas/role.ts'
import { type HeldCredentials, type ServerUser, userOf } from './credentials.ts'
import { permissionsOf } from './permissions.ts'

export type ServerPlace = {
  host: string
  port: number
  storeDir: string
  /** Written by the server. */
  pidFile?: string
  serverName?: string
}

/** Most that JetStream may store for each account of the embedded server; in a cluster each has the same share of what there is. */
const maxFileBytes: Readonly<Record<Account, number>> = {
  LAB: 1024 ** 4,
  EXAM: 128 * 1024 ** 3,
  VAULT: 16 * 1024 ** 3,
}

/** The server's own limit is 1 MiB. A run's state is one value with the programs of all its attempts. NATS advises to stay below this. */
export const maxPayloadBytes = 8 * 1024 ** 2

const totalBytes = Object.values(maxFileBytes).reduce((sum, bytes) => sum + bytes, 0)

/** A user of a role in one account, as the server knows it. */
export type AccountUser = { role: Role; account: Account; user: ServerUser }

/** What a host holds, as users of the server. */
const usersOf = (credentials: HeldCredentials): AccountUser[] =>
  roles.flatMap((role) =>
    accountsOf[role].flatMap((account) => {
      const login = credentials[role]?.[account]
      return login ? [{ role, account, user: userOf(login) }] : []
    }),
  )

/** The accounts of everybody who has credentials, as the `accounts` block of a server configuration. */
export const accountsConfig = (credentials: HeldCredentials) => accountsWith(usersOf(credentials))

/**
 * The accounts with their users and allow-lists, as the `accounts` block of a server configuration; no exports, no imports.
 * @param storeBytes what all servers together may store
 */
export function accountsWith(users: readonly AccountUser[], storeBytes = totalBytes) {
  const entries = accounts.map((account) => {
    const own = users.filter((each) => each.account === account)
    const listed = own.map(({ role, user }) => {
      const { publish, subscribe, denied = [] } = permissionsOf(role, account)
      const deny = denied.length > 0 ? { deny: denied } : {}
      return { ...user, permissions: { publish: { allow: publish, ...deny }, subscribe: { allow: subscribe } } }
    })
    const max_file = Math.floor((storeBytes * maxFileBytes[account]) / totalBytes)
    return [account, { jetstream: { max_mem: 0, max_file }, users: listed }]
  })
  return Object.fromEntries(entries) as Record<Account, { jetstream: object; users: object[] }>
}

/** The whole configuration of one server, as text that nats-server reads (its format takes JSON). */
export function serverConfig(credentials: HeldCredentials, place: ServerPlace): string {
  const config = {
    server_name: place.serverName ?? 'syllabus',
    host: place.host,
    port: place.port,
    ...(place.pidFile ? { pid_file: place.pidFile } : {}),
    max_payload: maxPayloadBytes,
    jetstream: { store_dir: place.storeDir, max_memory_store: 0, max_file_store: totalBytes },
    accounts: accountsConfig(credentials),
  }
  return `${JSON.stringify(config, null, 2)}\n`
}
