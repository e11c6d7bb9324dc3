import { z } from 'zod'
import {
  bareConnection,
  closedSubscriptions,
  inboxPrefix,
  isKeptOut,
  listen,
  logRequests,
  permissionsOf,
  sealedRequests,
  tryRequest,
} from '../../bus/mod.ts'
import { type Account, accountsOf, type Role } from '../../schemas/role.ts'
import { UserError } from '../../schemas/user-error.ts'
import type { Joined } from './files.ts'
import { type ClusterFinding, fault, ok } from './finding.ts'
import { fullFrom, reloadFix, requestMs } from './formed.ts'
import type { Server } from './reach.ts'

const Lists = z.object({ allow: z.array(z.string()).default([]), deny: z.array(z.string()).default([]) })
const UserInfo = z.object({
  data: z.object({
    account: z.string(),
    permissions: z.object({ publish: Lists.optional(), subscribe: Lists.optional() }).optional(),
  }),
})
const AccountInfo = z.object({
  error: z.object({ description: z.string() }).optional(),
  storage: z.number().default(0),
  limits: z.object({ max_storage: z.number() }).optional(),
})

/**
 * Connects to one server as each role of a join file, in each of its accounts: whether the server gives it the permissions that it should
 * have, and really refuses what no role may do.
 */
export async function checkAllowed(server: Server, joined: Joined): Promise<ClusterFinding[]> {
  const findings: ClusterFinding[] = []
  for (const role of joined.roles) {
    const place = { where: server.host.name, what: `${joined.node}: ${role}` }
    try {
      const refused: number[] = []
      for (const account of accountsOf[role]) refused.push(await checkUser(server, joined, role, account))
      const total = refused.reduce((sum, count) => sum + count, 0)
      const tried = total > 0 ? `, ${total} attempts refused` : ''
      findings.push(ok(place, `${accountsOf[role].join(', ')}: permissions as they should be${tried}`))
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      findings.push(fault(place, error.what, error.fix))
    }
  }
  return findings
}

/** Gives how many attempts were refused. @throws UserError */
async function checkUser(server: Server, joined: Joined, role: Role, account: Account): Promise<number> {
  const fix = reloadFix(server.host.name)
  const refuse = (what: string, how = fix): never => {
    throw new UserError(`${account}: ${what}`, how)
  }
  const login = joined.credentials[role]![account]!
  const nc = await bareConnection({ server: server.url, login, inboxPrefix: inboxPrefix(role), tls: joined.tls }).catch(
    (error: unknown) => (error instanceof UserError ? refuse(error.what) : Promise.reject(error)),
  )
  try {
    const ask = (subject: string) => nc.request(subject, '', { timeout: requestMs })
    const { data } = UserInfo.parse((await ask('$SYS.REQ.USER.INFO')).json())
    if (data.account !== account) refuse(`the server takes the user for one of account ${data.account}`)
    const { publish, subscribe, denied = [] } = permissionsOf(role, account)
    const given = data.permissions
    const isSame =
      sameNames(given?.publish?.allow, publish) &&
      sameNames(given?.publish?.deny, denied) &&
      sameNames(given?.subscribe?.allow, subscribe)
    if (!isSame) refuse('the server gives the user other permissions than this version of Syllabus needs')
    const info = AccountInfo.parse((await ask('$JS.API.INFO')).json())
    if (info.error) refuse(`no JetStream: ${info.error.description}`)
    const most = info.limits?.max_storage ?? -1
    if (most > 0 && info.storage > fullFrom * most)
      refuse(
        `the account is full: ${info.storage} of ${most} bytes`,
        'Raise --max-file (max_file of the account in users.conf), or remove old runs.',
      )
    const inbox = `${inboxPrefix(role)}.check`
    const requests = [...sealedRequests(role, account, inbox), ...(account === 'LAB' ? logRequests(role, inbox) : [])]
    const attempts = await Promise.all(requests.map((request) => tryRequest(nc, request)))
    const open = attempts.filter(({ outcome }) => outcome !== 'refused').map(({ request }) => request)
    const subscriptions = isKeptOut(role) ? closedSubscriptions(role) : []
    for (const subject of subscriptions)
      if ((await listen(nc, subject, Promise.resolve())) !== 'refused') open.push(`subscription to ${subject}`)
    if (open.length > 0) refuse(`not refused: ${open.join(', ')}`)
    return requests.length + subscriptions.length
  } finally {
    await nc.close()
  }
}

const sameNames = (one: readonly string[] = [], other: readonly string[]): boolean =>
  one.length === other.length && new Set([...one, ...other]).size === new Set(other).size
