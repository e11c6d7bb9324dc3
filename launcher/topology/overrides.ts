import { agentRoles } from '../../schemas/role.ts'
import type { AgentsOfRole, Topology } from '../../schemas/topology.ts'
import { asksModel, type VariantOf } from '../../schemas/variants.ts'

/** What a command names in place of its topology's. */
export type Overrides = {
  /** `embedded`, a folder, or a name of the model hub. */
  student?: string
  planner?: VariantOf<'planner'>
  /** Teacher calls at most. */
  budget?: number
}

/** The topology with what a command names in its place. */
export function withOverrides(topology: Topology, { student, planner, budget }: Overrides): Topology {
  const { agents, run } = planner === undefined ? topology : withPlanner(topology, planner)
  const bridge = agents['trainer-bridge']
  const own = student === undefined ? bridge : { ...bridge, options: { ...bridge.options, student } }
  return {
    ...topology,
    agents: { ...agents, 'trainer-bridge': own },
    run: budget === undefined ? run : { ...run, teacherCalls: budget },
  }
}

/**
 * The topology with another planner. One that asks a model has the options of the topology's own, or, where that asks none, the
 * teacher's model and its endpoint.
 */
export function withPlanner(topology: Topology, variant: VariantOf<'planner'>): Topology {
  const { planner, generator } = topology.agents
  const own = asksModel(planner) ? planner.options : modelAndEndpoint(generator.options)
  const options = asksModel({ variant }) ? own : {}
  return { ...topology, agents: { ...topology.agents, planner: { ...planner, variant, options, plugin: undefined } } }
}

/** The topology without agents of its own, as a command checks it whose agents are all on other hosts. */
export function withoutAgents({ agents, ...rest }: Topology): Topology {
  const none = agentRoles.map((role) => [role, { ...agents[role], replicas: 0 }] as const)
  return { ...rest, agents: Object.fromEntries(none) as Topology['agents'] }
}

const modelAndEndpoint = (options: AgentsOfRole['options']): AgentsOfRole['options'] =>
  Object.fromEntries(Object.entries(options).filter(([name]) => ['model', 'baseUrl', 'apiKeyEnv'].includes(name)))
