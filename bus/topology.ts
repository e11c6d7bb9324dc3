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
import { hears, variantsOf } from '../schemas/variants.ts'
import { BusSetupError, reasonOf } from './errors.ts'
import type { Link } from './link.ts'
import {
  bucketPrefix,
  bucketStream,
  bucketsOf,
  deadDurableName,
  deadReaderOf,
  deadStreamOf,
  durableName,
  type LogAccount,
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
   * Whose consumers are made; left out: those of every variant. One made later still gets all that was sent before. A server needs
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
  try {
    const there = await link.jsm.streams.info(stream.name).catch((error: unknown) => {
      if (error instanceof JetStreamApiError && error.code === 10059) return null
      throw error
    })
    if (!there) await link.jsm.streams.add(stream)
    // Nobody may change the vault, not even the operator: a changed stream could republish what it holds.
    else if (link.account !== 'VAULT' && !keep) await link.jsm.streams.update(stream.name, stream)
  } catch (error) {
    throw new BusSetupError(
      {
        what: `Stream ${stream.name} cannot be made: ${reasonOf(error)}`,
        where: `account ${link.account}, ${link.nc.getServer()}`,
        mend: `It asks for ${stream.max_bytes ?? 0} bytes. Free disk space, raise the account's limit, or lower the topology's storage limits.`,
      },
      { cause: error },
    )
  }
}

async function ensureConsumers(link: Link, account: LogAccount, options: TopologyOptions): Promise<void> {
  const { delivery, keep = false, variants = variantsOf } = options
  const messages = workMessages.filter((each) => each.account === account)
  const workers = messages
    .map((each) => withDelivery(each, delivery))
    .flatMap((message) => (variants[message.to] ?? []).map((variant) => ({ message, variant })))
    .filter(({ message, variant }) => hears(variant, message.from))
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
  const readers = (variants[reader] ?? []).map((variant) =>
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

/** A consumer that is there already takes the delivery policy of now, unless it is to be kept: another topology may have made it. */
async function ensureConsumer(
  link: Link,
  stream: string,
  consumer: Partial<ConsumerConfig> & { durable_name: string },
  keep: boolean,
): Promise<void> {
  try {
    await link.jsm.consumers.add(stream, consumer)
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === consumerExists)) throw error
    if (!keep) await link.jsm.consumers.update(stream, consumer.durable_name, consumer)
  }
}
const consumerExists = 10_148
