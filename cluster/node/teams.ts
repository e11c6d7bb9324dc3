import { randomBytes } from 'node:crypto'
import type { Identity } from '../../agents/kit/launch.ts'
import type { Log } from '../../agents/kit/log.ts'
import { agentSpec } from '../../launcher/agent-spec.ts'
import type { BusServer } from '../../launcher/bus-server.ts'
import type { LogFile } from '../../launcher/log-file.ts'
import { type AgentSpec, supervise } from '../../launcher/supervisor.ts'
import type { WantedAgent } from '../../launcher/wanted-agents.ts'
import type { AgentRole } from '../../schemas/role.ts'
import { faultOf, type Misfit } from './fit.ts'
import type { HostGpu } from './gpus.ts'
import { tokenOf } from './presence.ts'

type Member = { number: number; instance: string; stop(mostMs?: number): Promise<void> }
/** The agents of a role on one queue. */
type Team = WantedAgent & { members: Member[]; fault: Misfit | null }

export type Teams = {
  /** So many agents work for it from now on; those that are too many drain meanwhile. */
  set(wanted: WantedAgent, count: number): void
  /** Ends the agents of all queues but these, as far as they are a node's to end. */
  keepOnly(wanted: readonly WantedAgent[]): void
  countOf(of: { role: AgentRole; queue?: string }): number
  /** Why agents of some queues cannot work, where one ended for a reason that starting it again does not fix. */
  faults(): Misfit[]
  /** The agents that run now. */
  agents(): Identity[]
  /** Whether an agent is one of these. */
  isOwn(instance: string): boolean
  /** Ends all agents; resolves once they have drained, for which they have `mostMs` where that is less than what the limits allow. */
  stop(mostMs?: number): Promise<void>
}

const keyOf = ({ role, queue }: Pick<WantedAgent, 'role' | 'queue'>) => `${role} ${queue}`

/**
 * The agents of a node, each under a supervisor of its own, so that one is ended without the others. `devices`: where there are some, the
 * trainer-bridge of each number sees the GPU of that number alone.
 */
export function createTeams(
  server: BusServer,
  {
    node,
    devices,
    log,
    agentsLog,
    onEnded,
    onFault,
  }: {
    node: string
    devices: readonly HostGpu[]
    log: Log
    agentsLog: LogFile
    onEnded: (identity: Identity, how: string) => void
    onFault: (fault: Misfit) => void
  },
): Teams {
  const teams = new Map<string, Team>()
  const draining = new Set<Promise<void>>()
  const mark = `-${tokenOf(node)}-${randomBytes(2).toString('hex')}-`
  let started = 0

  function startMember(team: Team): Member {
    const { role, queue, topology } = team
    const taken = new Set(team.members.map((each) => each.number))
    const number = Array.from({ length: taken.size + 1 }, (_, index) => index).find((index) => !taken.has(index)) ?? 0
    // A presence of its own for each, also beside one that still drains.
    const instance = `${role}${mark}${++started}`
    const device = role === 'trainer-bridge' ? devices[number] : undefined
    const spec = agentSpec(role, instance, topology, Promise.resolve(server), queue)
    const supervisor = supervise([device === undefined ? spec : onDevice(spec, device)], topology.supervisor, {
      log,
      stderr: agentsLog.descriptor,
      logs: agentsLog.path,
      onEnded,
    })
    supervisor.failed.catch((error: unknown) => {
      if (team.fault) return
      team.fault = faultOf(error)
      onFault(team.fault)
    })
    return { number, instance, stop: (mostMs) => supervisor.stop(undefined, mostMs) }
  }

  function shrink(team: Team, count: number, mostMs?: number): void {
    for (const member of team.members.splice(count)) {
      const done = member.stop(mostMs).catch((error: unknown) => log.error({ error: String(error) }, 'agent not ended'))
      draining.add(done)
      void done.finally(() => draining.delete(done))
    }
  }

  return {
    set(wanted, count) {
      const key = keyOf(wanted)
      const team = teams.get(key) ?? { ...wanted, members: [], fault: null }
      teams.set(key, team)
      if (team.fault) return shrink(team, 0)
      while (team.members.length < count) team.members.push(startMember(team))
      shrink(team, count)
    },
    keepOnly(wanted) {
      const kept = new Set(wanted.map(keyOf))
      for (const [key, team] of teams) {
        if (kept.has(key)) continue
        shrink(team, 0)
        teams.delete(key)
      }
    },
    countOf: ({ role, queue }) =>
      [...teams.values()]
        .filter((team) => team.role === role && (queue === undefined || team.queue === queue))
        .reduce((sum, { members }) => sum + members.length, 0),
    faults: () => [...teams.values()].flatMap(({ fault }) => fault ?? []),
    agents: () =>
      [...teams.values()].flatMap(({ role, topology, members }) =>
        members.map(({ instance }) => ({ role, variant: topology.agents[role].variant, instance })),
      ),
    isOwn: (instance) => instance.includes(mark),
    async stop(mostMs) {
      for (const team of teams.values()) shrink(team, 0, mostMs)
      while (draining.size > 0) await Promise.all(draining)
    },
  }
}

/** An agent that sees one GPU, and does not work without it. */
const onDevice = ({ launch, ...rest }: AgentSpec, { id, variable }: HostGpu): AgentSpec => ({
  ...rest,
  launch: launch.then((whole) => ({
    ...whole,
    environment: { ...whole.environment, [variable]: id, SYLLABUS_DEVICE: 'cuda' },
  })),
})
