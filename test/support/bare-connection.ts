import type { NatsConnection } from 'nats'
import { bareConnection as open } from '../../bus/forbidden-requests.ts'
import { inboxPrefix } from '../../bus/link.ts'
import type { Account, Role } from '../../schemas/role.ts'
import type { TestServer } from './nats.ts'

/** A bare connection with a role's user in one account, as a hostile process of that role would open it. */
export async function bareConnection(server: TestServer, role: Role, account: Account): Promise<NatsConnection> {
  const login = server.credentials[role][account]
  if (!login) throw new Error(`${role} has no user in ${account}`)
  return open({ server: server.url, login, inboxPrefix: inboxPrefix(role) })
}
