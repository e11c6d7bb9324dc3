import { type Bus, heldValues, Presence } from '../bus/mod.ts'
import { type AgentRole, agentRoles } from '../schemas/role.ts'
import type { Topology } from '../schemas/topology.ts'
import { UsageError } from '../schemas/user-error.ts'
import { type AgentsOfRun, wantedBy, worksOn } from '../trace/troubles.ts'
import { sameStudent } from '../trainer-bridge/student.ts'
import type { LiveSession } from './live-session.ts'
import { modelsOf, pluginsIn, variantsIn } from './topology/models.ts'
import { boundTo } from './topology/queues.ts'
import { studentOf } from './wanted-agents.ts'

/** What a run asks of agents that run already: whose queues its work is put into, and the student, where it says one. */
export type Needs = AgentsOfRun

/** What a run on a topology needs. */
export const needsOf = (topology: Topology): Needs => ({
  variants: variantsIn(topology),
  ...pluginsIn(topology),
  models: modelsOf(topology),
  ...boundTo(topology, process.env),
})

const forOne = "Agents that a run's command started work for that run alone; those of npx syllabus up serve all."

/** @throws UsageError when an agent that the run needs is not there, or asks another model, or trains another student */
export async function checkServed(
  bus: Bus,
  session: Pick<LiveSession, 'pid' | 'topology' | 'agents'>,
  needs: Needs,
): Promise<void> {
  const { variants, student } = needs
  const there = (await heldValues(bus.kv('agents', Presence))).flatMap((held) => ('value' in held ? [held.value] : []))
  const isThere = (role: AgentRole) => there.some((each) => each.role === role && each.variant === variants[role])
  const missing = agentRoles.find((role) => !isThere(role))
  const whose = `process ${session.pid}, which works with the topology "${session.topology}"`
  const fix = 'Name that topology (--topology), with its models and its student, or stop that process first.'
  if (missing) {
    throw new UsageError(
      `The run needs the ${missing} "${variants[missing]}", and none is among the agents of ${whose}.`,
      `${fix} One more agent can be started: npx syllabus agent ${missing} --variant ${variants[missing]}.`,
    )
  }
  const { agents } = session
  if (agents && student !== undefined && !sameStudent(studentOf({ agents }), student)) {
    throw new UsageError(
      `The trainer-bridge of ${whose}, has the student "${studentOf({ agents })}", and the run wants "${student}".`,
      fix,
    )
  }
  const unserved = wantedBy(needs).find((wanted) => !there.some((each) => worksOn(each, wanted)))
  if (unserved) {
    const { role, does } = unserved
    if (does === undefined) {
      throw new UsageError(
        `The run was begun by an older version, and the agents of ${whose}, do not take its work.`,
        'Stop that process first: the command then starts agents that do.',
      )
    }
    throw new UsageError(`The run wants a ${role} that ${does}, and no agent of ${whose}, does.`, `${fix} ${forOne}`)
  }
}
