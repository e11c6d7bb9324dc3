import type { Message, WorkMessage } from '../schemas/message.ts'
import { registry } from '../schemas/registry.ts'
import { type Account, type AgentRole, agentRoles, type Role } from '../schemas/role.ts'
import { variantsOf } from '../schemas/variants.ts'
import { inboxPrefix } from './link.ts'
import {
  type BucketName,
  bucketAccount,
  bucketPrefix,
  bucketStream,
  bucketsOf,
  deadDurableName,
  deadReaderOf,
  deadStreamOf,
  durableName,
  eventSubject,
  type LogAccount,
  logPrefixOf,
  logStreamOf,
  objectPrefixOf,
  objectStreamOf,
  pluginReader,
  workSubject,
} from './subjects.ts'

/** Subjects that a user may publish to and subscribe to, without those to publish that are denied; the server refuses all else. */
export type Permissions = { publish: readonly string[]; subscribe: readonly string[]; denied?: readonly string[] }

/** Buckets in which each role writes under its own name alone: the presence of its agents, and of nodes that run them. */
const ownNamed = ['agents', 'nodes'] as const satisfies readonly BucketName[]
const isOwnNamed = (bucket: BucketName): bucket is (typeof ownNamed)[number] => ownNamed.some((each) => each === bucket)

/** Who writes which other bucket. In LAB all agents read all of them. */
const bucketWriters: Readonly<Record<Exclude<BucketName, (typeof ownNamed)[number]>, readonly Role[]>> = {
  wanted: [],
  runs: ['planner'],
  admission: ['critic'],
  trainings: ['trainer-bridge'],
  shards: ['generator'],
  journal: ['generator'],
  checks: ['critic'],
  'check-journal': ['critic'],
  plans: ['planner'],
  'plan-journal': ['planner'],
  analyses: ['evaluator'],
  'analysis-journal': ['evaluator'],
  capabilities: ['planner', 'generator', 'critic', 'evaluator'],
  'final-evals': ['evaluator'],
  'final-eval-records': ['evaluator'],
  ladders: ['evaluator'],
  'sealed-results': ['evaluator'],
}

/** Who may follow the changes of all buckets of LAB; agents follow what is wanted, too. */
const watchers: readonly Role[] = ['gateway', 'planner']

/** Whether a role is told of a bucket's changes at once; whoever is not lists the keys from time to time. */
export const mayFollow = (role: Role, bucket: BucketName): boolean =>
  (role === 'operator' && bucketAccount[bucket] !== 'VAULT') ||
  watchers.includes(role) ||
  (bucket === 'wanted' && isAgent(role))

const messages: readonly Message[] = Object.values(registry)
const isAgent = (role: Role): role is AgentRole => agentRoles.some((each) => each === role)
const everything: Permissions = { publish: ['>'], subscribe: ['>'] }

/**
 * What a role may do in one account: send the messages that are its own, pull and acknowledge from its own consumers, read
 * and write objects, use the buckets. No agent creates consumers or asks for direct gets: the server would send the answers
 * of both to any subject the client names, with bytes of the client's choice.
 * The operator runs LAB and EXAM, but can only fill the vault, not read or change it.
 */
export function permissionsOf(role: Role, account: Account): Permissions {
  if (role === 'operator') return account === 'VAULT' ? vaultFiller() : everything
  const own = { publish: ['$JS.API.INFO', '$SYS.REQ.USER.INFO'], subscribe: [`${inboxPrefix(role)}.>`] }
  const parts: Permissions[] = [own, objects(account, role !== 'gateway'), values(role, account)]
  if (account !== 'VAULT') parts.push(sending(role, account))
  if (account !== 'VAULT' && isAgent(role)) parts.push(working(role, account), hearing(role, account))
  if (account === 'LAB' && role === 'gateway') parts.push(logReading())
  return {
    publish: [...new Set(parts.flatMap((part) => part.publish))],
    subscribe: [...new Set(parts.flatMap((part) => part.subscribe))],
    denied: parts.flatMap((part) => part.denied ?? []),
  }
}

function sending(role: Role, account: LogAccount): Permissions {
  const publish = messages.flatMap((message) => {
    if (message.account !== account) return []
    if (message.kind === 'event') return message.from.includes(role) ? [eventSubject(message, '*')] : []
    return message.from === role ? [workSubject(message, '*', '*')] : []
  })
  return { publish, subscribe: [] }
}

/**
 * Queues of a model, and of a plug-in, have names that no list can hold in advance, and the server matches whole tokens alone. So a role
 * may pull from any consumer but those that other roles' messages have under a built-in variant's name
 * (docs/decisions/010-a-queue-for-each-model.md).
 */
function working(role: AgentRole, account: LogAccount): Permissions {
  const stream = logStreamOf[account]
  const here = messages.filter(
    (message): message is WorkMessage => message.kind === 'work' && message.account === account,
  )
  const pullingOf = (message: WorkMessage, variants: readonly string[]) =>
    variants.flatMap((variant) => pulling(stream, durableName(message, variant)))
  const others = here.filter(({ to }) => to !== role)
  const everyVariant = Object.values(variantsOf).flat()
  const denied = others.flatMap((message) => pullingOf(message, everyVariant))
  return { publish: pulling(stream, '*'), subscribe: [], denied }
}

/** Dead letters, and the messages they are about. */
function hearing(role: AgentRole, account: LogAccount): Permissions {
  if (deadReaderOf[account] !== role) return { publish: [], subscribe: [] }
  const durables = [...variantsOf[role], pluginReader].map((variant) => deadDurableName(role, variant))
  const pulls = durables.flatMap((durable) => pulling(deadStreamOf[account], durable))
  return { publish: [...pulls, `$JS.API.STREAM.MSG.GET.${logStreamOf[account]}`], subscribe: [] }
}

/**
 * With what waits at the consumer, which nodes scale by. Acknowledgements go to `$JS.ACK.<stream>…`, on servers with the newer form to
 * `$JS.ACK.<domain>.<account>.<stream>…`.
 */
function pulling(stream: string, durable: string): string[] {
  return [
    `$JS.API.CONSUMER.INFO.${stream}.${durable}`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
    `$JS.ACK.${stream}.${durable}.>`,
    `$JS.ACK.*.*.${stream}.${durable}.>`,
  ]
}

function objects(account: Account, writes: boolean): Permissions {
  const read = `$JS.API.STREAM.MSG.GET.${objectStreamOf[account]}`
  return { publish: writes ? [read, `${objectPrefixOf[account]}.>`] : [read], subscribe: [] }
}

function values(role: Role, account: Account): Permissions {
  const here = bucketsOf(account)
  const reads = here.flatMap((bucket) => [
    `$JS.API.STREAM.MSG.GET.${bucketStream(bucket)}`,
    `$JS.API.STREAM.INFO.${bucketStream(bucket)}`,
  ])
  const writes = here.flatMap((bucket) => {
    if (isOwnNamed(bucket)) return [`${bucketPrefix(bucket)}.${role}.>`]
    return bucketWriters[bucket].includes(role) ? [`${bucketPrefix(bucket)}.>`] : []
  })
  const followed = here.filter((bucket) => mayFollow(role, bucket))
  const watched = followed.map((bucket) => `${bucketPrefix(bucket)}.>`)
  return { publish: [...reads, ...writes], subscribe: watched }
}

function logReading(): Permissions {
  const stream = logStreamOf.LAB
  return {
    publish: [`$JS.API.DIRECT.GET.${stream}`, `$JS.API.STREAM.INFO.${stream}`],
    subscribe: [`${logPrefixOf.LAB}.>`],
  }
}

function vaultFiller(): Permissions {
  const streams = [objectStreamOf.VAULT, ...bucketsOf('VAULT').map(bucketStream)]
  return {
    publish: [
      '$JS.API.INFO',
      '$SYS.REQ.USER.INFO',
      ...streams.flatMap((stream) => [`$JS.API.STREAM.CREATE.${stream}`, `$JS.API.STREAM.INFO.${stream}`]),
      `${objectPrefixOf.VAULT}.>`,
    ],
    subscribe: [`${inboxPrefix('operator')}.>`],
  }
}
