import type { Identity, Launch } from '../agents/kit/launch.ts'
import { homeFolder } from '../machine/folders.ts'
import { type AgentRole, accountsOf, needsContaminationKey } from '../schemas/role.ts'
import type { Topology } from '../schemas/topology.ts'
import { asksModel } from '../schemas/variants.ts'
import { environmentWithout } from './agent-child.ts'
import { type BusServer, credentialsOf } from './bus-server.ts'
import { pythonCommand } from './plugin/python.ts'
import { type AgentSpec, drainMsOf } from './supervisor.ts'
import { keysWithheld } from './topology/endpoints.ts'
import { shareConcurrency, withTeacherLimits } from './topology/models.ts'

/** An agent of a topology on a queue; it is handed what it needs once the server is ready. `beside`: the topologies of other agents. */
export function agentSpec(
  role: AgentRole,
  instance: string,
  topology: Topology,
  ready: Promise<BusServer>,
  queue: string,
  beside: readonly Topology[] = [],
): AgentSpec {
  const { variant, plugin } = topology.agents[role]
  const identity = { role, variant, instance }
  return {
    identity,
    queue,
    asksModel: asksModel(topology.agents[role]),
    // Other roles have a process of this program's, which asks the plug-in.
    ...(plugin?.language === 'python' &&
      role === 'generator' && { command: pythonCommand('work', plugin, topology.plugins) }),
    launch: ready.then(async (server) => {
      // Read once the bus is ready: a local teacher's endpoint is known by then.
      const environment = environmentWithout(keysWithheld(role, topology, [topology, ...beside]))
      return { ...(await launchOf(identity, topology, server)), queue, environment }
    }),
  }
}

/** What an agent process is handed: its role's credentials and nothing of another's. */
async function launchOf(
  identity: Identity,
  topology: Topology,
  server: BusServer,
): Promise<Omit<Launch, 'environment' | 'queue'>> {
  const { role } = identity
  const { slots, options, plugin } = withTeacherLimits(shareConcurrency(topology)).agents[role]
  const held = credentialsOf(server, role)
  const credentials = Object.fromEntries(accountsOf[role].map((account) => [account, held[account]!]))
  return {
    ...identity,
    slots,
    options,
    credentials,
    servers: server.servers,
    tls: server.tls,
    sealed: server.sealed,
    contaminationKey: needsContaminationKey(role) ? await server.contaminationKey() : null,
    home: homeFolder(),
    delivery: topology.delivery,
    drainMs: drainMsOf(asksModel(topology.agents[role]), topology.supervisor),
    graceMs: topology.supervisor.graceMs,
    bus: topology.bus,
    ...(plugin && { plugin: { ...plugin, limits: topology.plugins } }),
  }
}
