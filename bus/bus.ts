import type { z } from 'zod'
import type { BusLimits } from '../schemas/bus-limits.ts'
import {
  type DeliveryChanges,
  type EventMessage,
  type PayloadOf,
  type WorkMessage,
  withDelivery,
} from '../schemas/message.ts'
import { type ConsumedBy, consumedBy, type Registry } from '../schemas/registry.ts'
import { type Account, type AgentRole, accountsOf, type Role } from '../schemas/role.ts'
import { receivesFrom } from '../schemas/variants.ts'
import { type Backlog, listBacklog, listStreams, type StreamFacts } from './backlog.ts'
import { type ClusterState, clockOffsetMs, clusterState, presenceTtlMs, waitingAt } from './cluster-state.ts'
import type { Credentials } from './credentials.ts'
import { type DeadLetter, followDead, listDead, redriveDead } from './dead-letters.ts'
import { BusSetupError } from './errors.ts'
import type { AnyHandler, HandlerContext } from './handle.ts'
import { type Kv, openKv } from './kv.ts'
import { type Link, type LinkOptions, openLink } from './link.ts'
import { type LogOptions, readLog, type StoredEntry } from './log.ts'
import type { Logger } from './logger.ts'
import { type Objects, openObjects } from './objects.ts'
import { mayFollow } from './permissions.ts'
import { announcePresence, Presence, type ProcessFigures } from './presence.ts'
import { type EventTarget, type Published, publish, type WorkTarget } from './publish.ts'
import { atMost } from './retry.ts'
import { listRuns, purgeRun } from './runs.ts'
import {
  type BucketName,
  bucketAccount,
  deadDurableName,
  deadReaderOf,
  durableName,
  logAccounts,
  logStreamOf,
} from './subjects.ts'
import { checkLayout, ensureTopology, removeConsumers, type TopologyOptions } from './topology.ts'
import { createTroubles, type Troubles } from './troubles.ts'
import { type LoopOptions, startLoop, type WorkLoop } from './work-loop.ts'

export type Handler<N extends keyof Registry> = (
  payload: PayloadOf<Registry[N]>,
  context: HandlerContext,
) => Promise<void>

/** One handler for each message the role works on; a missing one does not compile. */
export type Handlers<R extends AgentRole> = { [N in ConsumedBy<R>]: Handler<N> }

export type WorkOptions<R extends AgentRole> = LoopOptions & {
  role: R
  /** The queue. */
  variant: string
  /** The topology's changes to delivery policies. */
  delivery?: DeliveryChanges
}

export type BusOptions = {
  servers: string
  credentials: Credentials
  role: Role
  variant: string
  instance: string
  log: Logger
  /** Those of BusLimits where it is left out. */
  limits?: BusLimits | undefined
  /** False where the launcher knows that the accounts are not really apart. */
  sealed?: boolean
  /** Called with true when a full log makes publishing wait, and with false when it goes on. */
  onPaused?: (paused: boolean, reason: string) => void
  /** Where what keeps the process from its work is noted; left out: a place of the bus's own. */
  troubles?: Troubles
} & Pick<LinkOptions, 'isKnown' | 'signal' | 'tls' | 'cluster'>

export type Bus = AsyncDisposable & {
  /** Whether the server keeps this process to its accounts and its allow-list. */
  readonly sealed: boolean
  /** Makes streams, consumers and buckets; operator only, before any worker. Gives what a person should know of them. */
  ensureTopology(options: TopologyOptions): Promise<string[]>
  /** Refuses what another version wrote, and makes nothing; operator only. Throws BusSetupError. */
  checkLayout(): Promise<void>
  /** Removes the consumers of a queue on which nobody works any more; operator only. */
  removeConsumers(role: AgentRole, queue: string): Promise<void>
  /** Stores a message in the log. @throws TerminalError when the payload does not match or is too large */
  publish<M extends WorkMessage>(message: M, to: WorkTarget, payload: PayloadOf<M>): Promise<Published>
  publish<M extends EventMessage>(message: M, to: EventTarget, payload: PayloadOf<M>): Promise<Published>
  /** Works on the role's messages until the signal fires. */
  work<R extends AgentRole>(handlers: Handlers<R>, options: WorkOptions<R>): WorkLoop
  kv<S extends z.ZodType>(bucket: BucketName, schema: S): Kv<z.infer<S>>
  readonly objects: Objects
  /** Reads LAB's log in order; gateway and operator only. */
  log(options: LogOptions): AsyncIterable<StoredEntry>
  /** The consumers that are there, with what waits behind each; operator only. */
  backlogs(): Promise<Backlog[]>
  /** What the streams of messages and of dead letters of an account hold; operator only. */
  streams(): Promise<StreamFacts[]>
  /** Messages of a queue that wait or are worked on; 0 where nobody has made its consumer. Operator, and the role itself. */
  waiting(message: WorkMessage, queue: string): Promise<number>
  /** The same of all messages that a role works on in a queue. */
  backlog(role: AgentRole, queue: string): Promise<number>
  /** What the servers call their cluster; null of a server that is alone. */
  readonly clusterName: string | null
  /** How long the servers believe that somebody is there who does not say so again; null before somebody has made the streams. */
  presenceTtlMs(): Promise<number | null>
  /** How far the servers' clock is ahead of this machine's, in milliseconds. */
  clockOffsetMs(): Promise<number>
  /** Servers, streams and consumers, as far as this role may see them; operator only. */
  clusterState(): Promise<ClusterState>
  /** Ids of the runs that have messages. */
  runs(): Promise<string[]>
  /** Removes a run; operator only. */
  purgeRun(runId: string, options?: { force?: boolean }): Promise<void>
  /** What keeps this process from its work now; shown with its presence. */
  readonly troubles: Troubles
  /** Whether the server has been waited for in vain, and has not answered since. */
  readonly isLost: boolean
  /** Rejects with a BusSetupError once the servers have refused its user for as long as they are waited for; it is then closed for good. */
  readonly refused: Promise<never>
  /** Whether its connection is closed for good: nothing but a new process makes another. */
  readonly isClosed: boolean
  /** What this process has done so far. */
  readonly figures: ProcessFigures
  readonly limits: BusLimits
  /** Shows this process in the bucket `agents` until disposed. */
  announce(extra?: object): AsyncDisposable
  readonly dead: {
    /** Operator only. */
    list(): Promise<DeadLetter[]>
    /** Operator only. */
    redrive(id: string): Promise<void>
    /** As they arise: the planner hears of LAB's, the evaluator of EXAM's. */
    follow(signal: AbortSignal): AsyncIterable<DeadLetter>
  }
}

/** Connects to every account the role has. @throws BusSetupError */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const { servers, credentials, role, variant, instance, log, limits, isKnown, signal, tls, cluster } = options
  const { troubles = createTroubles() } = options
  const who = { role, variant, instance }
  const links = new Map<Account, Link>()
  const closing = new AbortController()
  const loops = new Set<WorkLoop>()
  const presences = new Set<AsyncDisposable>()
  try {
    const opening = accountsOf[role].map(async (account) => {
      const login = credentials[account]
      if (login)
        links.set(
          account,
          await openLink(servers, account, login, who, log, limits, { troubles, isKnown, signal, tls, cluster }),
        )
    })
    // Those that opened are closed where another could not be.
    await Promise.allSettled(opening)
    await Promise.all(opening)
  } catch (error) {
    await Promise.all([...links.values()].map((link) => link.nc.close()))
    throw error
  }
  const linkOf = (account: Account): Link => {
    const link = links.get(account)
    if (link) return link
    throw new BusSetupError({
      what: `${role} has no credentials for account ${account}`,
      where: servers,
      fix: 'Give the process the credentials of its role; a role without the account cannot do this.',
    })
  }
  linkOf('LAB')
  const onPaused = (paused: boolean, reason: string) => {
    troubles.set(
      'room',
      paused ? { code: 'no-room', text: `nothing is stored until there is room: ${reason}`, fix: roomFix } : null,
    )
    options.onPaused?.(paused, reason)
  }
  const writing = { onPaused, signal: closing.signal, log }
  const refused = Promise.race([...links.values()].map((link) => link.refused))
  refused.catch(() => {})

  return {
    sealed: options.sealed !== false && [...links.values()].every((link) => isApart(link)),
    ensureTopology: (topology) => ensureTopology([...links.values()], topology),
    checkLayout: () => checkLayout([...links.values()]),
    removeConsumers: (role, queue) => removeConsumers([...links.values()], role, queue),
    publish: (message: WorkMessage | EventMessage, to: EventTarget & { variant?: string }, payload: unknown) =>
      publish(linkOf(message.account), who, message, to, payload, writing),
    work(handlers, loop) {
      const byName = handlers as Readonly<Record<string, AnyHandler>>
      const consumers = consumedBy(loop.role).flatMap((message) =>
        message.kind === 'work' && receivesFrom(loop.variant, message.from)
          ? [
              {
                ...consumerOf(linkOf(message.account), message, loop.variant),
                message: withDelivery(message, loop.delivery),
              },
            ]
          : [],
      )
      const troubleDelays = linkOf('LAB').limits.troubles
      const started = startLoop(consumers, new Map(Object.entries(byName)), { ...loop, troubles, troubleDelays }, log)
      loops.add(started)
      return started
    },
    kv: (bucket, schema) =>
      openKv(linkOf(bucketAccount[bucket]), bucket, schema, { ...writing, follows: mayFollow(role, bucket) }),
    objects: openObjects(linkOf, writing),
    log: (reading) => readLog(linkOf('LAB'), reading),
    async waiting(message, variant) {
      const { link, stream, durable } = consumerOf(linkOf(message.account), message, variant)
      return waitingAt(link, stream, durable)
    },
    async backlog(role, queue) {
      const counts = consumedBy(role).flatMap((message) => {
        if (message.kind !== 'work') return []
        const { link, stream, durable } = consumerOf(linkOf(message.account), message, queue)
        return [waitingAt(link, stream, durable)]
      })
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
    },
    get clusterName() {
      return linkOf('LAB').nc.info?.cluster ?? null
    },
    presenceTtlMs: () => presenceTtlMs(linkOf('LAB')),
    clockOffsetMs: () => clockOffsetMs(linkOf('LAB')),
    clusterState: () => clusterState([...links.values()]),
    backlogs: () => listBacklog([...links.values()]),
    streams: () => listStreams([...links.values()]),
    runs: () => listRuns(linkOf('LAB')),
    purgeRun: (runId, how) => purgeRun([...links.values()], runId, how),
    troubles,
    get isLost() {
      return [...links.values()].some((link) => link.isLost)
    },
    refused,
    get isClosed() {
      return [...links.values()].some(({ nc }) => nc.isClosed())
    },
    get figures() {
      return figuresOf(loops, links)
    },
    limits: linkOf('LAB').limits,
    announce(extra = {}) {
      const kv = openKv(linkOf('LAB'), 'agents', Presence, writing)
      const presence = announcePresence(
        kv,
        who,
        extra,
        () => ({ ...activityOf(loops), figures: figuresOf(loops, links) }),
        {
          ttlMs: linkOf('LAB').limits.agentTtlMs,
          troubles,
          log,
        },
      )
      presences.add(presence)
      return {
        async [Symbol.asyncDispose]() {
          if (presences.delete(presence)) await presence[Symbol.asyncDispose]()
        },
      }
    },
    dead: {
      list: () => listDead([...links.values()]),
      redrive: (id) => redriveDead([...links.values()], id),
      follow(signal) {
        const account = logAccounts.find((each) => deadReaderOf[each] === role)
        if (!account) throw new Error(`${role} receives no dead letters`)
        return followDead(linkOf(account), deadDurableName(deadReaderOf[account], variant), signal)
      },
    },
    async [Symbol.asyncDispose]() {
      // W3: the loops end before their connection does.
      await Promise.all([...loops].map((loop) => loop.stop()))
      closing.abort()
      await Promise.allSettled([...presences].map((presence) => presence[Symbol.asyncDispose]()))
      await Promise.allSettled([...links.values()].map((link) => closeLink(link)))
    },
  }
}

const roomFix = 'Free disk space, or raise the limits under storage in the topology.'

function consumerOf(link: Link, message: WorkMessage, variant: string) {
  return { link, stream: logStreamOf[message.account], durable: durableName(message, variant) }
}

/** The server itself names the account and the allow-list of this user; the operator has no list in LAB and EXAM. */
function isApart(link: Link): boolean {
  return link.user?.account === link.account
}

function activityOf(loops: ReadonlySet<WorkLoop>) {
  const times = [...loops].flatMap((loop) => (loop.lastMessageAt ? [loop.lastMessageAt.getTime()] : []))
  return {
    lastMessageAt: times.length > 0 ? new Date(Math.max(...times)) : null,
    handling: [...loops].flatMap((loop) => [...loop.handling]),
  }
}

/** Of all loops that there were, those that ended included: a figure never falls while its process lives. */
function figuresOf(loops: ReadonlySet<WorkLoop>, links: ReadonlyMap<Account, Link>): ProcessFigures {
  const handled: ProcessFigures['handled'] = {}
  for (const loop of loops) Object.assign(handled, loop.handled)
  return { handled, reconnects: [...links.values()].reduce((sum, link) => sum + link.reconnects, 0) }
}

const drainMs = 3000

/** Draining a connection whose server is away would wait for ever. */
async function closeLink({ nc }: Link): Promise<void> {
  await atMost(nc.drain(), drainMs).catch(() => {})
  await nc.close()
}
