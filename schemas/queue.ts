import { hashOf } from './hash.ts'
import type { Token } from './ids.ts'
import type { Plugin } from './plugin.ts'
import type { AgentRole } from './role.ts'
import type { RunConfig, Variants } from './run.ts'
import { PayingRole } from './usage.ts'

/** Stands for the address of a model that a command serves itself, at another port each time. */
export const localAddress = 'local'

/** A model and where it is asked, as a person reads it. */
export const describeAsked = (model = 'a model', address: string): string =>
  `${model} ${address === localAddress ? 'served by --teacher local' : `at ${address}`}`

const keyDigits = 12

/**
 * Where the work of a role is put, as one token of a subject: the variant's name, and for one that works with a model a key of `what`: the
 * model, its address and, where the run has agents of its own, the run; or the student; or, of a plug-in, its code. So nobody is ever given
 * work that a run means for another one.
 */
export const queueOf = (variant: string, ...what: string[]): Token =>
  what.length > 0 ? `${variant}-${hashOf(what).slice(0, keyDigits)}` : variant

const key = new RegExp(`-[0-9a-f]{${keyDigits}}$`)

/** The variant whose agents work on a queue. */
export const variantOfQueue = (queue: string): string => queue.replace(key, '')

/** The queue of each role in a run. Runs begun before models had queues of their own use the variants' names. */
export const queuesOf = ({ variants, queues }: Pick<RunConfig, 'variants' | 'queues'>): Variants => ({
  ...variants,
  ...queues,
})

type ByRole = Partial<Record<AgentRole, string>>
type Bound = { models: ByRole; addresses?: ByRole | undefined } & Pick<RunConfig, 'variants' | 'queues' | 'plugins'>

/** What a queue's key is made of: the code of a plug-in, and the model and its address. */
export const boundBy = (plugin: Pick<Plugin, 'hash'> | undefined, ...asked: string[]): string[] => [
  ...(plugin ? [plugin.hash] : []),
  ...asked,
]

const askedQueue = ({ variants, plugins, models, addresses }: Bound, role: AgentRole, ...own: string[]) =>
  queueOf(variants[role], ...boundBy(plugins?.[role], models[role] ?? '', addresses?.[role] ?? '', ...own))

/** Whether a role's work lies where all runs with the same model and address have theirs. */
export const isShared = (run: Bound, role: AgentRole): boolean => queuesOf(run)[role] === askedQueue(run, role)

/** The roles whose queues no other run has, not even one of the same set. */
export const aloneIn = (run: Bound & { runId: string }): PayingRole[] =>
  PayingRole.options.filter((role) => queuesOf(run)[role] === askedQueue(run, role, run.runId))
