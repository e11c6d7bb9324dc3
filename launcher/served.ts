import { type Bus, Presence } from '../bus/mod.ts'
import { agentRoles } from '../schemas/role.ts'
import type { RunConfig } from '../schemas/run.ts'
import type { Topology } from '../schemas/topology.ts'
import { PayingRole } from '../schemas/usage.ts'
import { UsageError } from '../schemas/user-error.ts'
import { BridgeOptions } from '../trainer-bridge/options.ts'
import { sameStudent } from '../trainer-bridge/student-choice.ts'
import type { LiveSession } from './live-session.ts'
import { modelsOf, variantsIn } from './topology/models.ts'

/** What a run asks of agents that run already: who its messages are for, which models they ask, and the student, where it says one. */
export type Needs = Pick<RunConfig, 'variants' | 'models'> & { student?: string }

const studentOf = ({ agents }: Pick<Topology, 'agents'>) =>
  BridgeOptions.parse(agents['trainer-bridge'].options).student

/** What a run on a topology needs. */
export const needsOf = (topology: Topology): Needs => ({
  variants: variantsIn(topology),
  models: modelsOf(topology),
  student: studentOf(topology),
})

/** Errors: UsageError when an agent that the run needs is not there, or asks another model, or trains another student. */
export async function checkServed(
  bus: Bus,
  session: Pick<LiveSession, 'pid' | 'topology' | 'agents'>,
  { variants, models, student }: Needs,
): Promise<void> {
  const there = await bus.kv('agents', Presence).keys()
  const missing = agentRoles.find((role) => !there.some((key) => key.startsWith(`${role}.${variants[role]}.`)))
  const whose = `process ${session.pid}, which works with the topology "${session.topology}"`
  const mend = 'Name that topology (--topology), with its models and its student, or stop that process first.'
  if (missing) {
    throw new UsageError(
      `The run needs the ${missing} "${variants[missing]}", and none is among the agents of ${whose}.`,
      `${mend} One more agent can be started: npx syllabus agent ${missing} --variant ${variants[missing]}.`,
    )
  }
  const { agents } = session
  if (!agents) return
  for (const role of PayingRole.options.filter((role) => agents[role].variant === variants[role])) {
    const own = agents[role].options.model
    if (models[role] === undefined || own === models[role]) continue
    throw new UsageError(`The ${role} of ${whose}, asks the model "${own}", and the run wants "${models[role]}".`, mend)
  }
  if (student === undefined || sameStudent(studentOf({ agents }), student)) return
  throw new UsageError(
    `The trainer-bridge of ${whose}, has the student "${studentOf({ agents })}", and the run wants "${student}".`,
    mend,
  )
}
