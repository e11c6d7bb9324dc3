import type { Topology } from '../../schemas/topology.ts'
import { asksModel } from '../../schemas/variants.ts'
import { modelsOf } from '../models.ts'
import { PlannerArm } from './plan.ts'

/** The arms of a comparison that names none: every planner that is given as much as the others. */
export const usualArms = ({ agents }: Topology): PlannerArm[] =>
  asksModel(agents.planner.variant)
    ? PlannerArm.options.filter((arm) => arm !== 'llm-one-shot')
    : PlannerArm.options.filter((arm) => !asksModel(arm))

/**
 * The topology with an arm's planner, one process of it. A planner that asks a model has the options of the topology's own, or, where
 * that asks none, the teacher's model.
 */
export function topologyOfArm(topology: Topology, arm: PlannerArm): Topology {
  const { planner } = topology.agents
  const model = modelsOf(topology).generator
  const own = asksModel(planner.variant) ? planner.options : model === undefined ? {} : { model }
  const options = asksModel(arm) ? own : {}
  const replaced = { ...planner, variant: arm, replicas: 1, options }
  return { ...topology, agents: { ...topology.agents, planner: replaced } }
}
