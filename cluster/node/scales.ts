import { type Bus, isPassing } from '../../bus/mod.ts'
import type { WantedAgent } from '../../launcher/wanted-agents.ts'
import type { AgentRole } from '../../schemas/role.ts'
import { backlogShare, nextScale, type Scale, startScale } from './autoscale.ts'
import { type AgentRange, isFixed } from './counts.ts'
import { nodesOn } from './presence.ts'

type Scaling = {
  bus: Bus
  /** Of this node's process. */
  id: string
  /** A connection with the rights of a role: each sees its own consumers alone. */
  connect: (role: AgentRole) => Promise<Bus>
}

/** How many agents each queue of a node has, by its backlog where its role has a range. */
export function createScales({ bus, id, connect }: Scaling) {
  const scales = new Map<string, Scale>()
  const connections = new Map<AgentRole, Promise<Bus>>()
  const connection = (role: AgentRole) => {
    const there = connections.get(role) ?? connect(role)
    connections.set(role, there)
    return there
  }

  async function look({ role, queue }: WantedAgent, range: AgentRange): Promise<number> {
    const [backlog, nodes] = await Promise.all([(await connection(role)).backlog(role, queue), nodesOn(bus)])
    const others = nodes.filter((each) => each.id !== id).flatMap(({ roles }) => roles[role] ?? [])
    return backlogShare(backlog, range, others)
  }

  return {
    /** One more look. While the server is away the count stays. */
    async countOf(agent: WantedAgent, range: AgentRange, now: number): Promise<number> {
      if (isFixed(range)) return range.least
      const { role, queue, topology } = agent
      const key = `${role} ${queue}`
      const before = scales.get(key) ?? startScale(range)
      try {
        const { step, quietMs } = topology.scaling
        const policy = { ...range, slots: topology.agents[role].slots, step, quietMs }
        const next = nextScale(before, { backlog: await look(agent, range), atMs: performance.now() }, policy)
        scales.set(key, next)
        return next.count
      } catch (error) {
        if (!isPassing(error)) throw error
        return now
      }
    },
  }
}
