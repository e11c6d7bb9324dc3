import { Plugin } from '../../schemas/plugin.ts'
import { type AgentRole, agentRoles } from '../../schemas/role.ts'
import { Variants } from '../../schemas/run.ts'
import type { AgentsOfRole, Topology } from '../../schemas/topology.ts'
import { PayingRole, type Prices } from '../../schemas/usage.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { asksModel } from '../../schemas/variants.ts'

/** The variant of each role, as the topology names it. */
export const variantsIn = ({ agents }: Topology): Variants =>
  Variants.parse(Object.fromEntries(agentRoles.map((role) => [role, agents[role].variant])))

/** The plug-ins among a topology's agents, as a run's settings and records know them: without their places on this machine. */
export function pluginsIn({ agents }: Topology): { plugins?: Partial<Record<AgentRole, Plugin>> } {
  const found = agentRoles.flatMap((role) => {
    const { plugin } = agents[role]
    return plugin ? [[role, Plugin.parse(plugin)] as const] : []
  })
  return found.length > 0 ? { plugins: Object.fromEntries(found) } : {}
}

/** The language model of each role that asks one, as the topology names it. */
export function modelsOf({ agents }: Topology): Partial<Record<PayingRole, string>> {
  const named = PayingRole.options.flatMap((role) => {
    const { model } = agents[role].options
    return typeof model === 'string' ? [[role, model] as const] : []
  })
  return Object.fromEntries(named)
}

/** What helps where nobody named a model. */
export const nameModel =
  'Give --model <name>, set SYLLABUS_MODEL, or write agents.<role>.options.model into the topology; --teacher local serves one here.'

/** The options of those that make rows with a model, without where it is asked. */
export function rowOptionsOf({ agents }: Topology): Partial<Record<PayingRole, AgentsOfRole['options']>> {
  const asking = teachers.filter((role) => asksModel(agents[role]))
  const optionsOf = (role: PayingRole) => {
    const { baseUrl: _url, apiKeyEnv: _key, ...options } = agents[role].options
    return options
  }
  return Object.fromEntries(asking.map((role) => [role, optionsOf(role)]))
}

/** @throws UsageError when money is limited and a model has no price: then nobody could say when the limit is reached */
export function checkPrices(topology: Topology): void {
  const { name, prices, run } = topology
  const unpriced = Object.values(modelsOf(topology)).find((model) => !knows(prices, model))
  if (run.money === null || unpriced === undefined) return
  throw new UsageError(
    `The topology ${name} limits money (run.money) and has no price for the model "${unpriced}".`,
    `Add it: prices: {"${unpriced}": {inputPerMillion: <dollars>, outputPerMillion: <dollars>}}.`,
  )
}

const knows = (prices: Prices, model: string) => Object.hasOwn(prices, model)

const teachers = ['generator', 'critic'] as const

/**
 * The topology with its limit of teacher calls under way (`teacher.concurrency`) shared out evenly over the processes that call one,
 * so that all of them together keep to it.
 * @throws UsageError when there are more processes than calls
 */
export function shareConcurrency(topology: Topology): Topology {
  const { concurrency } = topology.teacher
  const models = modelsOf(topology)
  const calling = teachers.filter((role) => models[role] !== undefined)
  const processes = calling.reduce((sum, role) => sum + topology.agents[role].replicas, 0)
  if (concurrency === null || processes === 0) return topology
  const share = Math.floor(concurrency / processes)
  if (share < 1) {
    throw new UsageError(
      `teacher.concurrency is ${concurrency}, and ${processes} processes (${calling.join(', ')}) call a teacher.`,
      'Raise teacher.concurrency (or API_CONCURRENCY) to at least one a process, or lower their replicas.',
    )
  }
  const agents = { ...topology.agents }
  for (const role of calling) {
    const { options } = agents[role]
    const own = typeof options.concurrency === 'number' ? options.concurrency : share
    agents[role] = { ...agents[role], options: { ...options, concurrency: Math.min(own, share) } }
  }
  return { ...topology, agents }
}

/** The topology with the limits of whoever calls a teacher (`teacher`) among the options of those agents; their own come first. */
export function withTeacherLimits(topology: Topology): Topology {
  const { concurrency: _shared, checkMs: _ours, ...limits } = topology.teacher
  const agents = { ...topology.agents }
  for (const role of teachers) {
    const { options } = agents[role]
    if (options.model !== undefined) agents[role] = { ...agents[role], options: { ...limits, ...options } }
  }
  return { ...topology, agents }
}
