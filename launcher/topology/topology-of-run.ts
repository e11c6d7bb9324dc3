import { agentRoles } from '../../schemas/role.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { Topology } from '../../schemas/topology.ts'
import { PayingRole } from '../../schemas/usage.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { studentName } from './queues.ts'
import { withModel } from './with-model.ts'

/** The topology with the run's own models and student. Errors: UsageError when its agents are not those that the run's messages are for. */
export function topologyOfRun(
  topology: Topology,
  { runId, variants, models, student }: RunConfig,
  model?: string,
): Topology {
  const other = agentRoles.find((role) => topology.agents[role].variant !== variants[role])
  if (other) {
    throw new UsageError(
      `Run ${runId} works with the ${other} "${variants[other]}", and topology ${topology.name} has "${topology.agents[other].variant}".`,
      'Name the topology that it was started with: --topology <file>.',
    )
  }
  const strange = Object.values(models).find((own) => model !== undefined && own !== model)
  if (strange !== undefined) {
    throw new UsageError(
      `Run ${runId} asks the model "${strange}": its journal, its limits and its prices are that model's.`,
      'Leave --model out to go on with it, or start another run.',
    )
  }
  const { agents: written, ...rest } = withModel(topology, model)
  const agents = { ...written }
  for (const role of PayingRole.options) {
    const own = models[role]
    if (own !== undefined) agents[role] = { ...agents[role], options: { ...agents[role].options, model: own } }
  }
  const bridge = agents['trainer-bridge']
  const { student: now = 'embedded' } = bridge.options
  // Named in another way, as on another machine, it is the same.
  if (student !== undefined && studentName(student) !== studentName(String(now)))
    agents['trainer-bridge'] = { ...bridge, options: { ...bridge.options, student } }
  return { ...rest, agents }
}
