import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, createInbox, errors, type NatsConnection } from 'nats'
import { z } from 'zod'
import { BusLimits } from '../schemas/bus-limits.ts'
import type { Account, Role } from '../schemas/role.ts'
import type { UserCredentials } from './credentials.ts'
import { BusSetupError, reasonOf } from './errors.ts'
import './lenient-headers.ts'
import type { Sender } from './headers.ts'
import type { Logger } from './logger.ts'
import { throughRestarts } from './retry.ts'

/** One connection to one account. */
export type Link = {
  account: Account
  nc: NatsConnection
  js: JetStreamClient
  jsm: JetStreamManager
  /** The server's own word on who we are; null where it does not say. */
  user: UserInfo | null
  readonly limits: BusLimits
  /** Asks, and asks again while the server is away, for as long as the limits allow. */
  ask<T>(request: () => Promise<T>): Promise<T>
  /** A fresh subject for replies, under the role's prefix. */
  newInbox(): string
  /** Calls back after each reconnect, until the signal fires. */
  onReconnect(callback: () => void, signal: AbortSignal): void
}

/** Replies of a user go to inboxes under a prefix that no other role may subscribe to. */
export const inboxPrefix = (role: Role) => `_INBOX_${role}`

const oldest = { major: 2, minor: 11 }

const UserInfo = z.object({
  account: z.string(),
  permissions: z.object({ publish: z.object({ allow: z.array(z.string()) }).optional() }).optional(),
})
type UserInfo = z.infer<typeof UserInfo>

/** Connects to one account and checks that it has JetStream and is new enough. Throws BusSetupError. */
export async function openLink(
  servers: string,
  account: Account,
  login: UserCredentials,
  who: Sender & { role: Role },
  log: Logger,
  limits: BusLimits = BusLimits.parse({}),
): Promise<Link> {
  const { requestMs, awayMs } = limits
  const nc = await connect({
    servers: servers.split(','),
    ...(login.user ? login : {}),
    name: `${who.role}/${who.variant}/${who.instance}`,
    inboxPrefix: inboxPrefix(who.role),
    timeout: requestMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    ignoreClusterUpdates: false,
    // A stack trace kept for each request costs more than the request.
    noAsyncTraces: true,
  }).catch((error: unknown) => {
    throw connectFault(error, servers, login.user)
  })
  try {
    await checkServer(nc, servers, account, requestMs)
    const listeners = new Set<() => void>()
    void followStatus(nc, account, listeners, log)
    return {
      account,
      nc,
      js: jetstream(nc, { timeout: requestMs }),
      jsm: await jetstreamManager(nc, { checkAPI: false, timeout: requestMs }),
      user: await askUser(nc, requestMs),
      limits,
      ask: (request) => throughRestarts(request, awayMs),
      newInbox: () => createInbox(inboxPrefix(who.role)),
      onReconnect(callback, signal) {
        listeners.add(callback)
        signal.addEventListener('abort', () => listeners.delete(callback), { once: true })
      },
    }
  } catch (error) {
    await nc.close()
    throw error
  }
}

function connectFault(error: unknown, servers: string, user: string): BusSetupError {
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    return new BusSetupError(
      {
        what: user ? `The NATS server refuses the user "${user}"` : 'The NATS server asks for a user and password',
        where: servers,
        mend: 'Give the right credentials: in the URL, or in the file that SYLLABUS_CREDENTIALS names.',
      },
      { cause: error },
    )
  }
  return new BusSetupError(
    {
      what: `No NATS server answers: ${reasonOf(error)}`,
      where: servers,
      mend: 'Start one, correct NATS_URL, or unset NATS_URL to use the embedded server.',
    },
    { cause: error },
  )
}

async function checkServer(nc: NatsConnection, servers: string, account: Account, requestMs: number): Promise<void> {
  const version = nc.info?.version ?? '0.0'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
    throw new BusSetupError({
      what: `The NATS server is ${version}, too old`,
      where: servers,
      mend: `Use ${oldest.major}.${oldest.minor} or newer, or unset NATS_URL to use the embedded server.`,
    })
  }
  const answer = await nc.request('$JS.API.INFO', '', { timeout: requestMs }).then(
    (message) => z.object({ error: z.object({ description: z.string() }).optional() }).parse(message.json()),
    (error: unknown) => {
      // A server that ended meanwhile says nothing of its JetStream.
      if (!(error instanceof errors.RequestError && error.isNoResponders())) throw connectFault(error, servers, '')
      return { error: { description: reasonOf(error) } }
    },
  )
  if (answer.error) {
    throw new BusSetupError({
      what: `The NATS server has no JetStream for account ${account}: ${answer.error.description}`,
      where: servers,
      mend: 'Start it with JetStream (`nats-server -js`) and enable it for the account.',
    })
  }
}

async function askUser(nc: NatsConnection, requestMs: number): Promise<UserInfo | null> {
  try {
    const reply = await nc.request('$SYS.REQ.USER.INFO', '', { timeout: requestMs })
    const parsed = z.object({ data: UserInfo }).safeParse(reply.json())
    return parsed.success ? parsed.data.data : null
  } catch {
    // A server that does not answer this says nothing about sealing; the caller then counts as not sealed.
    return null
  }
}

async function followStatus(nc: NatsConnection, account: Account, listeners: Set<() => void>, log: Logger) {
  for await (const status of nc.status()) {
    switch (status.type) {
      case 'disconnect':
        // Also sent when we close or drain the connection ourselves.
        if (nc.isClosed() || nc.isDraining()) break
        log.warn({ account, server: status.server }, 'bus disconnected')
        break
      case 'reconnect':
        log.info({ account, server: status.server }, 'bus reconnected')
        for (const listener of listeners) listener()
        break
      case 'error':
        log.error({ account, reason: status.error.message }, 'bus error')
        break
      default:
    }
  }
}
