import { PlannerArm } from '../../evidence/report/comparison/plan.ts'
import type { AgentSpec, Topology } from '../../schemas/topology.ts'
import { asksModel } from '../../schemas/variants.ts'

/** The arms of a comparison that names none: every planner that is given as much as the others. */
export const usualArms = ({ agents }: Topology): PlannerArm[] =>
  asksModel(agents.planner.variant)
    ? PlannerArm.options.filter((arm) => arm !== 'llm-one-shot')
    : PlannerArm.options.filter((arm) => !asksModel(arm))

/**
 * The topology with an arm's planner, one process of it. A planner that asks a model has the options of the topology's own, or, where
 * that asks none, the teacher's model and its endpoint.
 */
export function topologyOfArm(topology: Topology, arm: PlannerArm): Topology {
  const { planner, generator } = topology.agents
  const own = asksModel(planner.variant) ? planner.options : modelAndEndpoint(generator.options)
  const options = asksModel(arm) ? own : {}
  const replaced = { ...planner, variant: arm, replicas: 1, options }
  return { ...topology, agents: { ...topology.agents, planner: replaced } }
}

const modelAndEndpoint = (options: AgentSpec['options']): AgentSpec['options'] =>
  Object.fromEntries(Object.entries(options).filter(([name]) => ['model', 'baseUrl', 'apiKeyEnv'].includes(name)))
