import { describePlugin } from '../../schemas/plugin.ts'
import { describeAsked, localAddress } from '../../schemas/queue.ts'
import { agentRoles } from '../../schemas/role.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { Topology } from '../../schemas/topology.ts'
import { PayingRole } from '../../schemas/usage.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { askedBy } from './endpoints.ts'
import { boundTo, studentNameOf } from './queues.ts'
import { withModel } from './with-model.ts'

/**
 * The topology with the run's own models and student.
 * @throws UsageError when its agents are not those that the run's messages are for
 */
export function topologyOfRun(
  topology: Topology,
  { runId, variants, plugins, models, student }: RunConfig,
  model?: string,
): Topology {
  const other = agentRoles.find((role) => topology.agents[role].variant !== variants[role])
  if (other) {
    throw new UsageError(
      `Run ${runId} works with the ${other} "${variants[other]}", and topology ${topology.name} has "${topology.agents[other].variant}".`,
      'Name the topology that it was started with: --topology <file>.',
    )
  }
  const changed = agentRoles.find((role) => topology.agents[role].plugin?.hash !== plugins?.[role]?.hash)
  if (changed) {
    const [own, now] = [plugins?.[changed], topology.agents[changed].plugin].map((plugin) =>
      plugin ? `${describePlugin(plugin)} with the hash ${plugin.hash.slice(0, 12)}` : 'a built-in variant',
    )
    throw new UsageError(
      `Run ${runId} works with the ${changed} ${own}, and topology ${topology.name} names ${now}: its rows would be others.`,
      'Put that code back to go on with the run, or start another one.',
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
  if (student !== undefined && studentNameOf(student) !== studentNameOf(String(now)))
    agents['trainer-bridge'] = { ...bridge, options: { ...bridge.options, student } }
  return { ...rest, agents }
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The topology with the addresses at which a run's models were asked when it was begun. An address is put in place of the one that the
 * environment names only where no key would be sent to it: a key is for the endpoint that it was set for. `isMoved`: a person says that the
 * endpoints are the same at other addresses, so all stays as it is.
 * @throws UsageError where the run's models would be asked at another address
 */
export function boundTopology(
  topology: Topology,
  { runId, models, addresses = {} }: Pick<RunConfig, 'runId' | 'models' | 'addresses'>,
  { env, isMoved = false }: { env: Environment; isMoved?: boolean | undefined },
): Topology {
  if (isMoved) return topology
  const agents = { ...topology.agents }
  const now = boundTo(topology, env).addresses
  const asked = askedBy(topology, env)
  for (const role of PayingRole.options) {
    const [own, other] = [addresses[role], now[role]]
    if (own === undefined || other === undefined || own === other) continue
    const { isUsual = false, endpoint } = asked.find((each) => each.role === role) ?? {}
    const isLocal = own === localAddress || other === localAddress
    if (isUsual && !isLocal && endpoint?.apiKey === '') {
      agents[role] = { ...agents[role], options: { ...agents[role].options, baseUrl: own } }
      continue
    }
    const again =
      own === localAddress
        ? 'Give --teacher local, as it was begun.'
        : isUsual
          ? `Set OPENAI_BASE_URL=${own}, and the key of that endpoint. If it is the same one at a new address, say so: --moved.`
          : `Write ${own} as agents.${role}.options.baseUrl. If it is the same endpoint at a new address, say so: --moved.`
    throw new UsageError(
      `The ${role} of run ${runId} asks ${describeAsked(models[role], own)}; with topology ${topology.name} it would be asked at ${other} now.`,
      again,
    )
  }
  return { ...topology, agents }
}
