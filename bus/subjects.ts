import type { EventMessage, WorkMessage } from '../schemas/message.ts'
import type { Account, AgentRole } from '../schemas/role.ts'
import { isBuiltIn } from '../schemas/variants.ts'

/**
 * Every name the server knows. The three accounts use names of their own, so that a foreign server with a single account
 * can hold all of them side by side.
 */
export const logStreamOf = { LAB: 'RUN', EXAM: 'EXAM' } as const satisfies Partial<Record<Account, string>>
export const logPrefixOf = { LAB: 'run', EXAM: 'exam' } as const satisfies Partial<Record<Account, string>>
export const deadStreamOf = { LAB: 'DEAD', EXAM: 'DEAD_EXAM' } as const satisfies Partial<Record<Account, string>>
export const objectStreamOf = {
  LAB: 'OBJECTS_LAB',
  EXAM: 'OBJECTS_EXAM',
  VAULT: 'OBJECTS_VAULT',
} as const satisfies Record<Account, string>
export const objectPrefixOf = {
  LAB: 'objects.lab',
  EXAM: 'objects.exam',
  VAULT: 'objects.vault',
} as const satisfies Record<Account, string>

/**
 * The names and forms of all that is on a bus, counted: streams, buckets, subjects, and what values and messages hold. It stands in the log
 * streams' metadata, so that what another layout wrote is refused as a whole and never misread. Layout 1 had none.
 */
export const layout = { key: 'syllabus-layout', version: 2 } as const

/** An account that carries messages; VAULT holds objects only. */
export type LogAccount = keyof typeof logStreamOf
export const logAccounts = ['LAB', 'EXAM'] as const satisfies readonly LogAccount[]

/** The KV buckets, and the account each lies in. VAULT's are the evaluator's own: what it evaluated, for whom, with what result. */
export const bucketAccount = {
  runs: 'LAB',
  agents: 'LAB',
  nodes: 'LAB',
  wanted: 'LAB',
  admission: 'LAB',
  trainings: 'LAB',
  shards: 'LAB',
  journal: 'LAB',
  checks: 'LAB',
  'check-journal': 'LAB',
  plans: 'LAB',
  'plan-journal': 'LAB',
  analyses: 'LAB',
  'analysis-journal': 'LAB',
  capabilities: 'LAB',
  'final-evals': 'VAULT',
  'final-eval-records': 'VAULT',
  ladders: 'VAULT',
  'sealed-results': 'VAULT',
} as const satisfies Record<string, Account>
export type BucketName = keyof typeof bucketAccount

/** Buckets whose values expire unless they are written again: they say who is there. */
export const expiringBuckets: ReadonlySet<BucketName> = new Set(['agents', 'nodes', 'wanted'])

/** The buckets of one account. */
export const bucketsOf = (account: Account): BucketName[] =>
  (Object.keys(bucketAccount) as BucketName[]).filter((bucket) => bucketAccount[bucket] === account)

/** The stream of a bucket and the prefix of its keys, as NATS names them. */
export const bucketStream = (bucket: BucketName) => `KV_${bucket}`
export const bucketPrefix = (bucket: BucketName) => `$KV.${bucket}`

/** `run.{runId}.{to}.{queue}.{name}`; `*` may stand for the run or the queue. */
export function workSubject(message: WorkMessage, runId: string, queue: string): string {
  return `${logPrefixOf[message.account]}.${runId}.${message.to}.${queue}.${message.name}`
}

/** `run.{runId}.event.{name}` */
export function eventSubject(message: EventMessage, runId: string): string {
  return `${logPrefixOf.LAB}.${runId}.event.${message.name}`
}

/** `variant`: the queue. */
export type SubjectParts = { runId: string; name: string; to?: { role: string; variant: string } }

/** The parts of a log subject, or null for a subject of another form. */
export function parseSubject(subject: string): SubjectParts | null {
  const [prefix, runId, role, variantOrName, name, ...rest] = subject.split('.')
  if ((prefix !== 'run' && prefix !== 'exam') || !runId || !role || !variantOrName || rest.length > 0) return null
  if (name === undefined) return role === 'event' ? { runId, name: variantOrName } : null
  return { runId, name, to: { role, variant: variantOrName } }
}

/** The durable consumer of one message in one queue, shared by all who work on that. */
export const durableName = (message: WorkMessage, queue: string) => `${message.to}-${queue}-${message.name}`

/** Stands for all variants that are not built in, where names have to be known in advance. */
export const pluginReader = 'plugin'

/** The durable consumer through which a role receives dead letters. Whoever of a role takes one, the same is done about it. */
export const deadDurableName = (role: AgentRole, variant: string) =>
  `${role}-${isBuiltIn(role, variant) ? variant : pluginReader}-dead`

/** Which role receives an account's dead letters. */
export const deadReaderOf = { LAB: 'planner', EXAM: 'evaluator' } as const satisfies Record<LogAccount, AgentRole>
