import { isDeepStrictEqual } from 'node:util'
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream'
import { nanos } from 'nats'
import type { BusLimits } from '../schemas/bus-limits.ts'
import { type DeliveryChanges, type WorkMessage, withDelivery } from '../schemas/message.ts'
import { variantOfQueue } from '../schemas/queue.ts'
import { registry } from '../schemas/registry.ts'
import type { Account, AgentRole } from '../schemas/role.ts'
import { isBuiltIn, receivesFrom, variantsOf } from '../schemas/variants.ts'
import { BusAwayError, BusSetupError } from './errors.ts'
import type { Link } from './link.ts'
import { passingReason } from './retry.ts'
import {
  bucketPrefix,
  bucketStream,
  bucketsOf,
  deadDurableName,
  deadReaderOf,
  deadStreamOf,
  durableName,
  expiringBuckets,
  type LogAccount,
  layout,
  logPrefixOf,
  logStreamOf,
  objectPrefixOf,
  objectStreamOf,
  pluginReader,
  workSubject,
} from './subjects.ts'

export type TopologyOptions = {
  logMaxBytes: number
  logMaxAgeMs: number
  /** LAB's objects; EXAM gets a tenth of it and VAULT a hundredth. */
  objectsMaxBytes: number
  /** The topology's changes to delivery policies. */
  delivery?: DeliveryChanges
  /** What is there already stays as it is; only what is missing is made. */
  keep?: boolean
  /**
   * The queues whose consumers are made; left out: those with a variant's name. One made later still gets all that was sent before. A
   * server needs about 10 ms for each as it stops, so a short command makes only its own.
   */
  variants?: Partial<Record<AgentRole, readonly string[]>>
  /** False: the vault is left to whoever begins a run, since it is made with the copies that it has for good (C3). */
  vault?: boolean
  /** Copies that a cluster keeps of everything, each on another server; never fewer than there are (C1). */
  copies?: number | undefined
}

type Stream = Partial<StreamConfig> & { name: string; subjects: string[] }

/** Every work message. */
const workMessages: readonly WorkMessage[] = Object.values(registry).filter((message) => message.kind === 'work')

/** The streams of one account. Nobody can roll a subject up, schedule, or republish: each would be a way around permissions. */
function streamsOf(
  account: Account,
  options: TopologyOptions,
  { agentTtlMs, duplicateWindowMs, deadMaxBytes }: BusLimits,
): Stream[] {
  const share = { LAB: 1, EXAM: 0.1, VAULT: 0.01 }[account]
  const base = {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    allow_rollup_hdrs: false,
  }
  const streams: Stream[] = [
    {
      ...base,
      name: objectStreamOf[account],
      subjects: [`${objectPrefixOf[account]}.>`],
      max_bytes: Math.ceil(options.objectsMaxBytes * share),
      max_msgs_per_subject: 1,
      discard_new_per_subject: true,
    },
  ]
  for (const bucket of bucketsOf(account)) {
    streams.push({
      ...base,
      name: bucketStream(bucket),
      subjects: [`${bucketPrefix(bucket)}.>`],
      max_msgs_per_subject: 1,
      max_age: expiringBuckets.has(bucket) ? nanos(agentTtlMs) : 0,
      ...(expiringBuckets.has(bucket) ? { duplicate_window: nanos(agentTtlMs) } : {}),
    })
  }
  if (account === 'VAULT') return streams
  const log = logStreamOf[account]
  streams.push(
    {
      ...base,
      name: log,
      subjects: [`${logPrefixOf[account]}.>`],
      max_bytes: Math.ceil(options.logMaxBytes * share),
      max_age: nanos(options.logMaxAgeMs),
      duplicate_window: nanos(Math.min(duplicateWindowMs, options.logMaxAgeMs)),
      allow_direct: true,
      metadata: { [layout.key]: String(layout.version) },
    },
    {
      ...base,
      name: deadStreamOf[account],
      subjects: [
        `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${log}.>`,
        `$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.${log}.>`,
      ],
      // An advisory that finds no room is lost, so here the oldest make way.
      discard: DiscardPolicy.Old,
      max_bytes: deadMaxBytes,
      max_age: nanos(options.logMaxAgeMs),
      allow_direct: true,
    },
  )
  return streams
}

/*
 * C1 Copies are never made fewer: where any stream has more of them than are asked for, everything has so many.
 * C2 A consumer has as many copies as its stream, so that it is raised with it. While the stream is being scaled its consumers are waited
 *    for.
 * C3 The vault's copies are set when it is made. Whoever may change a stream can have it republish what it holds, so nobody may change the
 *    vault's over the bus (docs/decisions/003-no-consumers-for-agents.md); an administrator of the server can.
 * C4 Fewer servers than copies is an error at the start, never a bus with fewer copies.
 */

type Existing = Awaited<ReturnType<Link['jsm']['streams']['info']>> | null

/**
 * Makes or updates everything the bus needs: streams, buckets, and the durable consumers before any worker. Idempotent. With `keep` nothing
 * is updated. Gives what a person should know: where the copies are not those that were asked for.
 * @throws BusSetupError
 */
export async function ensureTopology(links: readonly Link[], options: TopologyOptions): Promise<string[]> {
  const wanted = options.copies ?? 1
  const mayMake = links.filter(({ account }) => account !== 'VAULT' || options.vault !== false)
  const found = await Promise.all(
    mayMake.flatMap((link) =>
      streamsOf(link.account, options, link.limits).map(async (stream) => {
        const there = await streamThere(link, stream.name)
        return { link, stream, there, copies: there?.config.num_replicas ?? 0 }
      }),
    ),
  )
  const copies = Math.max(wanted, ...found.map((each) => each.copies))
  await Promise.all(
    found.map(({ link, stream, there }) => ensureStream(link, { ...stream, num_replicas: copies }, there, options)),
  )
  await Promise.all(
    links.flatMap((link) => (link.account === 'VAULT' ? [] : [ensureConsumers(link, link.account, options)])),
  )
  if (options.keep) return []
  const behind = found.filter((each) => each.link.account === 'VAULT' && each.there && each.copies < copies)
  const notices =
    behind.length > 0
      ? [
          vaultBehind(
            behind.map(({ stream }) => stream.name),
            copies,
          ),
        ]
      : []
  if (options.copies !== undefined && copies > wanted) notices.push(notLowered(wanted, copies))
  return notices
}

/**
 * What `ensureTopology` refuses of the logs that are there, for whoever reads alone: nothing is made.
 * @throws BusSetupError
 */
export async function checkLayout(links: readonly Link[]): Promise<void> {
  await Promise.all(
    links.map(async (link) => {
      if (link.account === 'VAULT') return
      const name = logStreamOf[link.account]
      refuseOtherLayout(link, name, await streamThere(link, name))
    }),
  )
}

const notLowered = (wanted: number, copies: number) =>
  `storage.copies is ${wanted}, and the bus keeps ${copies} copies of everything: they are not made fewer. Write ${copies} into the topology.`

const vaultBehind = (names: readonly string[], copies: number) =>
  `VAULT's streams have fewer than ${copies} copies, and no role may change them: ${names.join(', ')}. An administrator of the servers can: add a ` +
  `user to VAULT in their configuration, give "nats stream edit NAME --replicas ${copies}" for each, and remove that user.`

/** @throws BusSetupError */
async function streamThere(link: Link, name: string): Promise<Existing> {
  try {
    return await streamInfo(link, name)
  } catch (error) {
    throw setupFault(link, `Stream ${name}`, error)
  }
}

async function ensureStream(
  link: Link,
  stream: Stream,
  there: Existing,
  { keep = false }: TopologyOptions,
): Promise<void> {
  const { name } = stream
  const about = `stream ${name}`
  const placed = placement(link, stream)
  try {
    if (stream.metadata) refuseOtherLayout(link, name, there)
    if (!there) await link.ask(() => link.jsm.streams.add(stream).catch(placed), about)
    // Nobody may change the vault, not even the operator: a changed stream could republish what it holds.
    else if (link.account !== 'VAULT' && !keep && !holds(there.config, stream))
      await link.ask(() => link.jsm.streams.update(name, stream).catch(placed), about)
  } catch (error) {
    throw setupFault(link, `Stream ${name}`, error, stream)
  }
}

/** Whether what is there has all that is wanted; the server leaves out what is false or 0. An update costs it a write of its files. */
function holds(there: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted))
    return isDeepStrictEqual(there || false, wanted || false)
  return Object.entries(wanted).every(([key, value]) => holds((there as Record<string, unknown>)?.[key], value))
}

/** A cluster that has no server for a copy: C4 bounds how long that may be because its servers are just starting. */
class NoPeerError extends Error {}

function placement({ limits }: Link, { num_replicas: copies = 1 }: Stream) {
  let since: number | null = null
  return (error: unknown): never => {
    if (copies === 1 || !(error instanceof JetStreamApiError && unplacedCodes.has(error.code))) throw error
    since ??= performance.now()
    throw performance.now() - since > limits.requestMs ? new NoPeerError(passingReason(error)) : error
  }
}

/** @throws BusSetupError where another version of Syllabus wrote what the stream holds, in names and forms that are not read here. */
function refuseOtherLayout({ account, nc }: Link, stream: string, there: Existing): void {
  if (!there || there.state.messages === 0) return
  const found = Number(there.config.metadata?.[layout.key] ?? 1)
  if (found === layout.version) return
  const age = found < layout.version ? 'an earlier' : 'a later'
  throw new BusSetupError({
    what: `The runs of this home were made by ${age} version of Syllabus (layout ${found}, this one reads ${layout.version})`,
    where: `stream ${stream}, account ${account}, ${nc.getServer()}`,
    fix: 'Finish or export them with that version, or set SYLLABUS_HOME to another folder (on a server of your own: use other accounts).',
  })
}

export const streamNotFound = 10_059
export const consumerNotFound = 10_014
const consumerExists = 10_148

/** Null in place of the API error of a code. */
export const noneWhere = (code: number) => (error: unknown) => {
  if (error instanceof JetStreamApiError && error.code === code) return null
  throw error
}

/** What the server says of a stream; null where there is none. Throws BusAwayError. */
export const streamInfo = ({ ask, jsm }: Link, name: string): Promise<Existing> =>
  ask(() => jsm.streams.info(name).catch(noneWhere(streamNotFound)), `stream ${name}`)

/** No servers for so many copies: no suitable peers for placement, and a server that is no cluster. */
const unplacedCodes: ReadonlySet<number> = new Set([10_005, 10_074])

/** Refusals for want of room: of the account, of the server, of memory, and streams that are larger than the account allows. */
const roomCodes: ReadonlySet<number> = new Set([10_002, 10_023, 10_028, 10_047, 10_122])
/** The account may have no more streams or consumers. */
const numberCodes: ReadonlySet<number> = new Set([10_026, 10_027])
/** Streams or consumers of the same names or subjects that are not ours. */
const othersCodes: ReadonlySet<number> = new Set([10_013, 10_058, 10_065])

/** What a person does about a stream or a consumer that cannot be made. A server that is away keeps its own error. */
function setupFault(
  { account, nc }: Link,
  what: string,
  error: unknown,
  { max_bytes: maxBytes = 0, num_replicas: copies = 1 }: Partial<StreamConfig> = {},
): Error {
  if (error instanceof BusAwayError || error instanceof BusSetupError || !(error instanceof Error))
    return error as Error
  const code = error instanceof JetStreamApiError ? error.code : 0
  const fix =
    error instanceof NoPeerError || unplacedCodes.has(code)
      ? `storage.copies asks for ${copies} copies, each on a server of its own with JetStream and room. Start so many servers of one cluster, or lower it in the topology (1 for the embedded server).`
      : roomCodes.has(code)
        ? `${maxBytes > 0 ? `It asks for ${maxBytes} bytes. ` : ''}Free disk space, raise the account's limit, or lower the topology's storage limits.`
        : numberCodes.has(code)
          ? "Raise the account's limits of streams and consumers (max_streams, max_consumers)."
          : othersCodes.has(code)
            ? 'Another program uses these names or subjects in this account: give Syllabus accounts of its own.'
            : 'See the reason; docs/operations.md says what a server of one\'s own needs, under "Which server".'
  const where = `account ${account}, ${nc.getServer()}`
  return new BusSetupError({ what: `${what} cannot be made: ${passingReason(error)}`, where, fix }, { cause: error })
}

async function ensureConsumers(link: Link, account: LogAccount, options: TopologyOptions): Promise<void> {
  const { delivery, keep = false, variants = variantsOf } = options
  const messages = workMessages.filter((each) => each.account === account)
  const workers = messages
    .map((each) => withDelivery(each, delivery))
    .flatMap((message) => (variants[message.to] ?? []).map((variant) => ({ message, variant })))
    .filter(({ message, variant }) => receivesFrom(variant, message.from))
    .map(({ message, variant }) =>
      ensureConsumer(
        link,
        logStreamOf[account],
        {
          durable_name: durableName(message, variant),
          filter_subject: workSubject(message, '*', variant),
          ack_policy: AckPolicy.Explicit,
          ack_wait: nanos(message.delivery.ackWaitMs),
          max_deliver: message.delivery.maxDeliver,
          max_ack_pending: link.limits.maxInHand,
          num_replicas: 0,
          deliver_policy: DeliverPolicy.All,
        },
        keep,
      ),
    )
  const reader = deadReaderOf[account]
  // Dead letters of all queues of a variant have one reader, and those of all variants that are not built in.
  const readerOf = (queue: string): string[] => {
    if (isBuiltIn(reader, queue)) return [queue]
    return isBuiltIn(reader, variantOfQueue(queue)) ? [] : [pluginReader]
  }
  const readers = [...new Set((variants[reader] ?? []).flatMap(readerOf))].map((variant) =>
    ensureConsumer(
      link,
      deadStreamOf[account],
      {
        durable_name: deadDurableName(reader, variant),
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(30_000),
        num_replicas: 0,
        deliver_policy: DeliverPolicy.All,
      },
      keep,
    ),
  )
  await Promise.all([...workers, ...readers])
}

/**
 * For want of servers a stream is refused as "no suitable peers for placement" (10005), and a consumer as "insufficient resources" (10023):
 * its stream has fewer servers than copies, which passes once it is scaled, or its servers are away. So both are one error here.
 */
function unplaced(error: unknown): never {
  if (!(error instanceof JetStreamApiError && error.code === 10_023)) throw error
  const description = 'too few servers hold its stream yet, or they are away'
  throw new JetStreamApiError({ code: 400, err_code: 10_005, description })
}

/** Removes the consumers of a role's messages in one queue. */
export async function removeConsumers(links: readonly Link[], role: AgentRole, queue: string): Promise<void> {
  for (const message of workMessages.filter(({ to }) => to === role)) {
    const link = links.find(({ account }) => account === message.account)
    const [stream, name] = [logStreamOf[message.account], durableName(message, queue)]
    await link?.ask(
      () => link.jsm.consumers.delete(stream, name).catch(noneWhere(consumerNotFound)),
      `consumer ${name} of the stream ${stream}`,
    )
  }
}

/** A consumer that is there already takes the delivery policy of now, unless it is to be kept: another topology may have made it. */
async function ensureConsumer(
  link: Link,
  stream: string,
  consumer: Partial<ConsumerConfig> & { durable_name: string },
  keep: boolean,
): Promise<void> {
  const name = consumer.durable_name
  const about = `servers for the stream ${stream}`
  const { consumers } = link.jsm
  const ask = <T>(request: () => Promise<T>) => link.ask(() => request().catch(unplaced), about)
  try {
    const made = await ask(() => consumers.add(stream, consumer).catch(noneWhere(consumerExists)))
    if (!made && !keep) await ask(() => consumers.update(stream, name, consumer))
  } catch (error) {
    throw setupFault(link, `Consumer ${name}`, error)
  }
}
