import type { Log } from '../../agents/kit/log.ts'
import { checkTeacher } from '../../agents/kit/teacher/check.ts'
import type { Bus } from '../../bus/mod.ts'
import { prepareRuntime } from '../../launcher/prepare-runtime.ts'
import { embedderAsked } from '../../launcher/topology/endpoints.ts'
import { agentsWanted, studentOf, type WantedAgent, type WantedAgents } from '../../launcher/wanted-agents.ts'
import { identityOf } from '../../provision/mod.ts'
import type { AgentRole } from '../../schemas/role.ts'
import { Recipe } from '../../schemas/task.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { embeddingsPath } from '../../trainer-bridge/embedder/endpoint-embedder.ts'
import {
  checkSameStudent,
  faultOf,
  faultsOfRun,
  type HostFacts,
  type Misfit,
  noteOn,
  topologiesOf,
  withEndpoint,
} from './fit.ts'
import { nodesOn } from './presence.ts'

/** What a node can do for one value on the bus, and what keeps it from the rest; a fault without a role is of the whole. */
export type Prepared = {
  name: string
  /** Those that are wanted of the node's roles. */
  roles: readonly AgentRole[]
  agents: readonly WantedAgent[]
  faults: readonly (Misfit & { role?: AgentRole })[]
  /** What does not keep it from anything, and is to be known. */
  note: string | null
}

export type Preparing = {
  bus: Bus
  host: HostFacts
  /** The id of this node's process. */
  id: string
  log: Log
  /** Hashes of the students that are here, by what a topology calls them; added to. */
  students: Record<string, string>
  request: { home: string; onProgress: (line: string) => void; signal: AbortSignal }
}

/** Finds out what a node can do for a value, fetching what its agents need. Only a stop ends it early. */
export async function prepareFor(wanted: WantedAgents, { bus, host, id, log, students, request }: Preparing) {
  const { name } = wanted
  const roles = wanted.roles.filter((role) => host.roles.includes(role))
  const whole = faultsOfRun(wanted, host)
  if (whole.length > 0) return { name, roles, agents: [], faults: whole, note: null } satisfies Prepared
  const agents: WantedAgent[] = []
  const faults: (Misfit & { role?: AgentRole })[] = []
  const topologies = (() => {
    try {
      return topologiesOf(wanted)
    } catch (error) {
      faults.push(faultOf(error))
      return null
    }
  })()
  for (const agent of topologies ? agentsWanted({ ...wanted, roles }, topologies) : []) {
    try {
      const topology = await withEndpoint(agent, wanted)
      if (agent.role === 'trainer-bridge') {
        for (const { endpoint, model } of embedderAsked(topology, process.env))
          await checkTeacher(endpoint, model, topology.teacher.checkMs, embeddingsPath)
        const student = await prepareRuntime(
          topology,
          { inference: wanted.inference, recipe: Recipe.optional().parse(wanted.recipe) },
          log,
          request,
        )
        const hash = await identityOf(student.path)
        const others = (await nodesOn(bus)).filter((each) => each.id !== id)
        checkSameStudent(hash, topology, wanted, others)
        students[studentOf(topology)] = hash
      }
      agents.push({ ...agent, topology })
    } catch (error) {
      request.signal.throwIfAborted()
      faults.push({ role: agent.role, ...faultOf(error) })
    }
  }
  return { name, roles, agents, faults, note: agents.length > 0 ? noteOn(wanted) : null } satisfies Prepared
}

/** @throws UsageError where a role of the node can do nothing for all that goes on, which is more than nothing */
export function refuseUnfit(roles: readonly AgentRole[], prepared: readonly Prepared[]): void {
  for (const role of roles) {
    const wanting = prepared.filter((each) => each.roles.includes(role))
    const faults = wanting.map((each) => each.faults.find((fault) => fault.role === undefined || fault.role === role))
    const [fault] = faults
    if (fault && !faults.includes(undefined)) throw new UsageError(fault.what, fault.fix)
  }
}
