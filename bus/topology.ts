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
import { registry } from '../schemas/registry.ts'
import type { Account, AgentRole } from '../schemas/role.ts'
import { receivesFrom, variantsOf } from '../schemas/variants.ts'
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
  type LogAccount,
  layout,
  logPrefixOf,
  logStreamOf,
  objectPrefixOf,
  objectStreamOf,
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
   * The queues whose consumers are made; left out: those with a variant's name. One made later still gets all that was sent before. A server needs
   * about 10 ms for each as it stops, so a short command makes only its own.
   */
  variants?: Partial<Record<AgentRole, readonly string[]>>
  /** Copies that a cluster keeps of everything. */
  replicas?: number
}

type Stream = Partial<StreamConfig> & { name: string; subjects: string[] }

/** Every work message. */
const workMessages: readonly WorkMessage[] = Object.values(registry).filter((message) => message.kind === 'work')

/** The streams of one account. Nobody can roll a subject up, schedule, or republish: each would be a road around permissions. */
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
    num_replicas: options.replicas ?? 1,
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
      max_age: bucket === 'agents' ? nanos(agentTtlMs) : 0,
      ...(bucket === 'agents' ? { duplicate_window: nanos(agentTtlMs) } : {}),
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

/** Makes or updates everything the bus needs: streams, buckets, and the durable consumers before any worker. Idempotent. With `keep` nothing is updated. */
export async function ensureTopology(links: readonly Link[], options: TopologyOptions): Promise<void> {
  const ensure = async (link: Link) => {
    await Promise.all(
      streamsOf(link.account, options, link.limits).map((stream) => ensureStream(link, stream, options)),
    )
    if (link.account !== 'VAULT') await ensureConsumers(link, link.account, options)
  }
  await Promise.all(links.map(ensure))
}

async function ensureStream(link: Link, stream: Stream, { keep = false }: TopologyOptions): Promise<void> {
  const { name } = stream
  const about = `stream ${name}`
  try {
    const there = await link.ask(() => link.jsm.streams.info(name).catch(noneWhere(streamNotFound)), about)
    if (there && stream.metadata && there.state.messages > 0) refuseOtherLayout(link, name, there.config.metadata)
    if (!there) await link.ask(() => link.jsm.streams.add(stream), about)
    // Nobody may change the vault, not even the operator: a changed stream could republish what it holds.
    else if (link.account !== 'VAULT' && !keep) await link.ask(() => link.jsm.streams.update(name, stream), about)
  } catch (error) {
    throw setupFault(link, `Stream ${name}`, error, stream.max_bytes)
  }
}

/** @throws BusSetupError where another version of Syllabus wrote what the stream holds, in names and forms that are not read here. */
function refuseOtherLayout({ account, nc }: Link, stream: string, metadata: Record<string, string> = {}): void {
  const found = Number(metadata[layout.key] ?? 1)
  if (found === layout.version) return
  const age = found < layout.version ? 'an earlier' : 'a later'
  throw new BusSetupError({
    what: `The runs of this home were made by ${age} version of Syllabus (layout ${found}, this one reads ${layout.version})`,
    where: `stream ${stream}, account ${account}, ${nc.getServer()}`,
    fix: 'Finish or export them with that version, or set SYLLABUS_HOME to another folder (on a server of your own: use other accounts).',
  })
}

export const streamNotFound = 10_059
const consumerNotFound = 10_014
const consumerExists = 10_148

/** Null in place of the API error of a code. */
export const noneWhere = (code: number) => (error: unknown) => {
  if (error instanceof JetStreamApiError && error.code === code) return null
  throw error
}

/** Refusals for want of room: of the account, of the server, of memory, and streams that are larger than the account allows. */
const roomCodes: ReadonlySet<number> = new Set([10_002, 10_023, 10_028, 10_047, 10_122])
/** The account may have no more streams or consumers. */
const numberCodes: ReadonlySet<number> = new Set([10_026, 10_027])
/** Streams or consumers of the same names or subjects that are not ours. */
const othersCodes: ReadonlySet<number> = new Set([10_013, 10_058, 10_065])

/** What a person does about a stream or a consumer that cannot be made. A server that is away keeps its own error. */
function setupFault({ account, nc }: Link, what: string, error: unknown, maxBytes = 0): Error {
  if (error instanceof BusAwayError || error instanceof BusSetupError || !(error instanceof Error))
    return error as Error
  const code = error instanceof JetStreamApiError ? error.code : 0
  const fix = roomCodes.has(code)
    ? `It asks for ${maxBytes} bytes. Free disk space, raise the account's limit, or lower the topology's storage limits.`
    : numberCodes.has(code)
      ? "Raise the account's limits of streams and consumers (max_streams, max_consumers)."
      : othersCodes.has(code)
        ? 'Another program uses these names or subjects in this account: give Syllabus accounts of its own.'
        : 'See the reason; docs/operations.md says what a server of one\'s own needs, under "Which server".'
  const where = `account ${account}, ${nc.getServer()}`
  return new BusSetupError(
    { what: `${what} cannot be made: ${passingReason(error)}`, where, fix: fix },
    { cause: error },
  )
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
          deliver_policy: DeliverPolicy.All,
        },
        keep,
      ),
    )
  const reader = deadReaderOf[account]
  // Dead letters of all queues of a variant have one reader.
  const known: readonly string[] = variantsOf[reader]
  const readers = (variants[reader] ?? [])
    .filter((queue) => known.includes(queue))
    .map((variant) =>
      ensureConsumer(
        link,
        deadStreamOf[account],
        {
          durable_name: deadDurableName(reader, variant),
          ack_policy: AckPolicy.Explicit,
          ack_wait: nanos(30_000),
          deliver_policy: DeliverPolicy.All,
        },
        keep,
      ),
    )
  await Promise.all([...workers, ...readers])
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
  const about = `stream ${stream}`
  try {
    const made = await link.ask(() => link.jsm.consumers.add(stream, consumer).catch(noneWhere(consumerExists)), about)
    if (!made && !keep) await link.ask(() => link.jsm.consumers.update(stream, name, consumer), about)
  } catch (error) {
    throw setupFault(link, `Consumer ${name}`, error)
  }
}
