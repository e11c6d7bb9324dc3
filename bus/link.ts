import {
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream'
import { type ConnectionOptions, connect, createInbox, type NatsConnection } from 'nats'
import { z } from 'zod'
import { BusLimits } from '../schemas/bus-limits.ts'
import type { Account, Role } from '../schemas/role.ts'
import { type Login, loginName, loginOptions } from './credentials.ts'
import { BusAwayError, BusSetupError } from './errors.ts'
import {
  clusterFault,
  connectFault,
  type Destination,
  looked,
  noServerFix,
  notJetStream,
  withCluster,
  withListener,
} from './first-contact.ts'
import './headers.ts'
import type { Sender } from './headers.ts'
import type { Logger } from './logger.ts'
import { watchRefusal } from './refusal.ts'
import { firstAnswer, isNoResponders, isPassing, type Patience, passingReason, throughRestarts } from './retry.ts'
import './quiet-client.ts'
import { type TlsFiles, tlsOptions } from './tls.ts'
import { createTroubles, type Troubles } from './troubles.ts'

/** One connection to one account. */
export type Link = {
  account: Account
  nc: NatsConnection
  js: JetStreamClient
  jsm: JetStreamManager
  /** The server's own word on who we are; null where it does not say. */
  user: UserInfo | null
  readonly limits: BusLimits
  /**
   * Asks, and asks again while the server is away, for as long as the limits allow; meanwhile that is a trouble, in which `about`
   * names what is asked for. Every request of this module goes through here. @throws BusAwayError
   */
  ask<T>(request: () => Promise<T>, about?: string): Promise<T>
  /**
   * The same for what may be done twice: it is sent again every `repeatMs`, and the first answer counts. The leader of a stream or a
   * consumer that dies takes its requests with it, so nothing else would end the wait before `requestMs`.
   */
  askRepeatedly<T>(request: () => Promise<T>, about?: string): Promise<T>
  /** Whether the server is one of a cluster, where a copy may be behind the others. */
  readonly isClustered: boolean
  /** Whether a request has been given up since the server last answered. */
  readonly isLost: boolean
  /** Rejects with a BusSetupError once the servers have refused the user for `awayMs`; the connection is closed then. */
  readonly refused: Promise<never>
  /** Connections that were lost and made again. */
  readonly reconnects: number
  /** A fresh subject for replies, under the role's prefix. */
  newInbox(): string
  /** Calls back after each reconnect, until the signal fires. */
  onReconnect(callback: () => void, signal: AbortSignal): void
}

/** Replies of a user go to inboxes under a prefix that no other role may subscribe to. */
export const inboxPrefix = (role: Role) => `_INBOX_${role}`

export const oldestServer = { major: 2, minor: 11 }

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const { major: least, minor: leastMinor } = oldestServer
  return major > least || (major === least && minor >= leastMinor)
}

const UserInfo = z.object({
  account: z.string(),
  permissions: z.object({ publish: z.object({ allow: z.array(z.string()) }).optional() }).optional(),
})
type UserInfo = z.infer<typeof UserInfo>

export type LinkOptions = {
  /** Where it is noted that the server is away. */
  troubles?: Troubles | undefined
  /** Whether this server has answered before, so that one that does not is away and waited for; else the address is most likely wrong. */
  isKnown?: boolean | undefined
  /** Once it fires, a server that is away is no longer waited for. */
  signal?: AbortSignal | undefined
  /** What connections with TLS need beside the authorities that Node knows. */
  tls?: TlsFiles | undefined
  /** The cluster that a join file names; servers of another one are refused. */
  cluster?: string | undefined
}

/** Connects to one account and checks that it has JetStream and is new enough. @throws BusSetupError */
export async function openLink(
  servers: string,
  account: Account,
  login: Login,
  who: Sender & { role: Role },
  log: Logger,
  limits: BusLimits = BusLimits.parse({}),
  { troubles = createTroubles(), isKnown = false, signal, tls, cluster }: LinkOptions = {},
): Promise<Link> {
  const { requestMs, repeatMs, silentMs, awayMs } = limits
  const place = { servers, account, limits, isTls: tls !== undefined }
  const refused = Promise.withResolvers<never>()
  // Whoever waits for it is a caller's choice.
  refused.promise.catch(() => {})
  const refusal = watchRefusal({
    awayMs,
    faultOf: (error) => connectFault(error, place, loginName(login)),
    onLasting(fault) {
      refused.reject(fault)
      void nc.close()
    },
  })
  // While the servers refuse the user, requests only see that nothing answers.
  const reason = (error: unknown) => passingReason(refusal.now ?? error)
  const patience = awayWatch({ servers, account, awayMs, troubles, reason })
  const reportMs = limits.troubles.awayMs
  // Another server may answer: it is not waited long for this one.
  const isOneOfMany = servers.includes(',')
  const deadlineMs = () => (signal?.aborted ? requestMs : awayMs)
  const opening = {
    deadlineMs: () => (isKnown ? deadlineMs() : 0),
    signal,
    reportMs,
    onWait: patience.onWait('an answer', servers),
  }
  const given = servers.split(',')
  const connectTo: ConnectTo = (others) =>
    connect({
      servers: given,
      ...loginOptions(login),
      ...tlsOptions(servers, tls),
      name: `${who.role}/${who.variant}/${who.instance}`,
      inboxPrefix: inboxPrefix(who.role),
      timeout: isOneOfMany ? Math.min(requestMs, Math.ceil(silentMs / 2)) : requestMs,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 200,
      ...others,
      // A server that freezes, or whose host goes, closes nothing: it is noticed while it is still waited for.
      pingInterval: Math.ceil(isOneOfMany ? Math.min(silentMs / 3, awayMs / 6) : awayMs / 6),
      // A user that is refused may be allowed again; refusal.ts knows for how long it is waited for.
      ignoreAuthErrorAbort: true,
      // A stack trace kept for each request costs more than the request.
      noAsyncTraces: true,
    })
  const dial = (): Promise<NatsConnection> =>
    firstOf(given.length, connectTo).catch((error: unknown) => {
      throw connectFault(error, place, loginName(login))
    })
  const nc = await throughRestarts(isKnown ? dial : () => looked(place).then(dial), opening).catch(
    async (error: unknown) => {
      if (error instanceof BusSetupError && error.fix === noServerFix) throw await withListener(error, place)
      throw error instanceof BusSetupError ? await withCluster(error, place, cluster) : error
    },
  )
  try {
    const found = nc.info?.cluster
    if (cluster !== undefined && found !== undefined && found !== cluster) throw clusterFault(found, place, cluster)
    await checkServer(nc, place, opening, isKnown)
    patience.answered('an answer')
    let reconnects = 0
    const onReconnected = () => {
      reconnects += 1
      refusal.connected()
      patience.answered()
    }
    const listeners = new Set<() => void>([onReconnected])
    void followStatus(nc, account, { listeners, onError: refusal.heard, log })
    const ask: Link['ask'] = async (request, about = 'JetStream') => {
      try {
        const answer = await throughRestarts(request, { deadlineMs, signal, reportMs, onWait: patience.onWait(about) })
        patience.answered(about)
        return answer
      } catch (error) {
        if (nc.isClosed()) throw refusal.now ?? error
        if (!isPassing(error)) patience.answered(about)
        // What the client cannot parse is no answer of JetStream's.
        if (error instanceof SyntaxError) throw notJetStream(error.message, place)
        if (!isPassing(error) || signal?.aborted) throw error
        patience.gaveUp(about)
        if (refusal.now) throw refusal.now
        throw new BusAwayError({ what: about, where: patience.where, awayMs, why: reason(error) }, { cause: error })
      }
    }
    return {
      account,
      nc,
      js: jetstream(nc, { timeout: requestMs }),
      jsm: await jetstreamManager(nc, { checkAPI: false, timeout: requestMs }),
      user: await askUser(nc, requestMs),
      limits,
      ask,
      askRepeatedly: (request, about) => ask(() => firstAnswer(nc, request, repeatMs), about),
      get isClustered() {
        return nc.info?.cluster !== undefined
      },
      get isLost() {
        return patience.isLost || nc.isClosed()
      },
      refused: refused.promise,
      get reconnects() {
        return reconnects
      },
      newInbox: () => createInbox(inboxPrefix(who.role)),
      onReconnect(callback, until) {
        listeners.add(callback)
        until.addEventListener('abort', () => listeners.delete(callback), { once: true })
      },
    }
  } catch (error) {
    await nc.close()
    throw error
  }
}

type ConnectTo = (
  others: Pick<ConnectionOptions, 'ignoreClusterUpdates' | 'reconnectToServer'>,
) => Promise<NatsConnection>

class TriedAll extends Error {}

/**
 * Makes a first connection, with as many tries as servers were given. The client also takes servers that others name, among them those that
 * it has tried in vain, and would begin again for ever where all refuse its user. For the reason each is then tried without them.
 */
async function firstOf(count: number, connectTo: ConnectTo): Promise<NatsConnection> {
  let left = count
  // The one that was dialled longest ago: the client itself first tries the one that it has just lost.
  const next: ConnectionOptions['reconnectToServer'] = (known) => {
    if (left-- <= 0) throw new TriedAll()
    return known.reduce((oldest, each) => (each.lastConnect < oldest.lastConnect ? each : oldest))
  }
  try {
    const nc = await connectTo({ ignoreClusterUpdates: false, reconnectToServer: next })
    left = Number.POSITIVE_INFINITY
    return nc
  } catch (error) {
    if (!(error instanceof Error && error.cause instanceof TriedAll)) throw error
    await (await connectTo({ ignoreClusterUpdates: true })).close()
    return firstOf(count, connectTo)
  }
}

/** Notes that the server is away while anything waits for it: once, by what waited first. */
function awayWatch({
  servers,
  account,
  awayMs,
  troubles,
  reason,
}: Pick<Destination, 'servers' | 'account'> & {
  awayMs: number
  troubles: Troubles
  reason: (error: unknown) => string
}) {
  const waiting = new Set<string>()
  const givenUp = new Set<string>()
  const where = `${servers}, account ${account}`
  let isShown = false
  return {
    where,
    get isLost() {
      return givenUp.size > 0
    },
    onWait:
      (about: string, place = where) =>
      (error: unknown) => {
        waiting.add(about)
        if (isShown) return
        isShown = true
        const text = `waits for ${about} of the NATS server (${place}), for ${Math.round(awayMs / 1000)} s at most: ${reason(error)}`
        troubles.set(`server ${account}`, { code: 'server-away', text })
      },
    /** Without `about`: there is a connection again. */
    answered(about = '') {
      waiting.delete(about)
      givenUp.clear()
      if (!isShown || waiting.size > 0) return
      isShown = false
      troubles.set(`server ${account}`, null)
    },
    /** Until the server answers anything, it is away. */
    gaveUp(about: string) {
      waiting.delete(about)
      givenUp.add(about)
    },
  }
}

/** The least that a message may be long: objects travel in chunks of half of that. */
export const leastPayload = 1024 ** 2

async function checkServer(nc: NatsConnection, place: Destination, opening: Patience, isKnown: boolean): Promise<void> {
  const { servers, account, limits } = place
  const refuse = (what: string, fix: string) => new BusSetupError({ what, where: servers, fix })
  const { version = '', max_payload: maxPayload = leastPayload, jetstream: hasJetStream } = nc.info ?? {}
  const isEncrypted = nc.info?.tls_required === true
  if (!isNewEnough(version)) {
    throw refuse(
      `The NATS server is ${version || 'of no version'}, too old`,
      `Use ${oldestServer.major}.${oldestServer.minor} or newer, or unset NATS_URL to use the embedded server.`,
    )
  }
  if (!(maxPayload >= leastPayload)) {
    throw refuse(
      `The NATS server takes messages of ${maxPayload} bytes at most, and ${leastPayload} are needed`,
      'Write max_payload: 8MB into its configuration.',
    )
  }
  const noJetStream = (why: string) =>
    refuse(
      `The NATS server has no JetStream for account ${account}: ${why}`,
      'Start it with JetStream (`nats-server -js`) and enable it for the account.',
    )
  // A server that says that it has JetStream is not yet ready, or its cluster has no leader.
  const deadlineMs = () => (hasJetStream ? limits.awayMs : opening.deadlineMs())
  const info = () =>
    nc.request('$JS.API.INFO', '', { timeout: limits.requestMs }).then(
      (message) => {
        const info = Info.safeParse(jsonOf(message.string()))
        if (!info.success) throw notJetStream(message.string(), place)
        const { error } = info.data
        if (error?.err_code === notForAccount) throw noJetStream(error.description)
        if (error) throw new JetStreamApiError(error)
      },
      async (error: unknown) => {
        if (error instanceof BusSetupError) throw error
        if (isNoResponders(error) && !hasJetStream) throw noJetStream(passingReason(error))
        const fault = connectFault(error, place, '')
        // One that has never answered before may be none; one whose certificate was checked is a server that has just been started.
        throw isKnown || isEncrypted ? fault : await withListener(fault, place)
      },
    )
  await throughRestarts(info, { ...opening, deadlineMs }).catch((error: unknown) => {
    throw error instanceof JetStreamApiError ? noJetStream(error.message) : error
  })
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const Info = z.union([
  z.object({ error: z.object({ code: z.number(), err_code: z.number(), description: z.string() }) }),
  z.object({ memory: z.number(), storage: z.number(), streams: z.number(), error: z.undefined().optional() }),
])
/** JetStream not enabled for account. */
const notForAccount = 10_039

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

async function followStatus(
  nc: NatsConnection,
  account: Account,
  { listeners, onError, log }: { listeners: Set<() => void>; onError: (error: Error) => void; log: Logger },
) {
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
        onError(status.error)
        break
      default:
    }
  }
}
