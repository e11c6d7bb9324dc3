import type { AgentsOfRole, Topology } from '../../schemas/topology.ts'
import { PayingRole } from '../../schemas/usage.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { asksModel } from '../../schemas/variants.ts'

/** The topology with another language model for every agent that asks one. */
export function withModel(topology: Topology, model: string | undefined): Topology {
  if (model === undefined) return topology
  const named = (spec: AgentsOfRole) => (asksModel(spec) ? { ...spec, options: { ...spec.options, model } } : spec)
  const { planner, generator, critic } = topology.agents
  const agents = { planner: named(planner), generator: named(generator), critic: named(critic) }
  return { ...topology, agents: { ...topology.agents, ...agents } }
}

/** The topology with a model of this machine: all ask it where it is served, and its tokens cost nothing unless a price is written. */
export const withFreeModel = (topology: Topology, model: string): Topology => ({
  ...withoutEndpoints(topology),
  prices: { [model]: { inputPerMillion: 0, outputPerMillion: 0 }, ...topology.prices },
})

/**
 * The topology as a model of this machine serves it: its name where one is asked, no more requests at a time than it answers together,
 * and prompts and replies of the planner that fit a small context.
 * @throws UsageError when no agent asks a model
 */
export function withLocalModel(topology: Topology, model: string): Topology {
  const free = withFreeModel(topology, model)
  const { planner, generator, critic } = free.agents
  if (!asksModel(planner) && !asksModel(generator)) {
    throw new UsageError(
      `No agent of topology ${topology.name} asks a language model, so --teacher has nothing to teach.`,
      'Use --topology deploy/topologies/llm.yaml, or a generator "llm" in a topology of your own.',
    )
  }
  const fitting = (spec: AgentsOfRole): AgentsOfRole => {
    if (!asksModel(spec)) return spec
    const most = Math.max(1, Math.floor(topology.localTeacher.batchRows / Math.max(1, spec.replicas)))
    const given = Number(spec.options.concurrency ?? most)
    return { ...spec, options: { ...spec.options, concurrency: Math.min(given, most) } }
  }
  const { maxNewTokens, contextChars } = topology.localTeacher
  const brief = (spec: AgentsOfRole): AgentsOfRole => {
    if (!asksModel(spec)) return spec
    const { maxTokens = maxNewTokens, contextChars: chars = contextChars } = spec.options
    const bounds = {
      maxTokens: Math.min(Number(maxTokens), maxNewTokens),
      contextChars: Math.min(Number(chars), contextChars),
    }
    return { ...spec, options: { ...spec.options, ...bounds } }
  }
  const agents = { ...free.agents, planner: brief(planner), generator: fitting(generator), critic: fitting(critic) }
  return withModel({ ...free, agents }, model)
}

/** The topology with the model that a command names: one of this machine, else another one behind the same endpoints, else its own. */
export const withNamedModel = (
  topology: Topology,
  local: { name: string } | null,
  model: string | undefined,
): Topology => (local ? withLocalModel(topology, local.name) : withModel(topology, model))

/** The topology with every model behind OPENAI_BASE_URL. */
function withoutEndpoints(topology: Topology): Topology {
  const agents = { ...topology.agents }
  for (const role of PayingRole.options) {
    const { baseUrl: _own, apiKeyEnv: _key, ...options } = agents[role].options
    agents[role] = { ...agents[role], options }
  }
  return { ...topology, agents }
}
