import { PlannerState } from '../agents/planner/state.ts'
import { type Bus, heldValues } from '../bus/mod.ts'
import { aloneIn, isShared, queuesOf } from '../schemas/queue.ts'
import type { AgentRole } from '../schemas/role.ts'
import type { RunConfig, Variants } from '../schemas/run.ts'
import type { Topology } from '../schemas/topology.ts'
import { PayingRole } from '../schemas/usage.ts'
import { UsageError } from '../schemas/user-error.ts'
import { modelsOf } from './topology/models.ts'
import { boundTo } from './topology/queues.ts'

type Unfinished = Pick<RunConfig, 'runId' | 'models' | 'variants' | 'plugins' | 'queues'>

/**
 * The runs whose metered work agents of these queues are given: of queues of a run's own that run, of those of a model and its address all
 * that share them.
 * @throws UsageError where one of them means another model, as runs may that were begun before models had queues of their own
 */
export function givenTo(runs: readonly Unfinished[], topology: Topology, queues: Variants): string[] {
  const asked = modelsOf(topology)
  return runs.flatMap(({ models, ...run }) => {
    const given = PayingRole.options.filter((role) => models[role] && queuesOf(run)[role] === queues[role])
    if (given.some((role) => asked[role] && asked[role] !== models[role])) {
      throw new UsageError(
        `Run ${run.runId} was begun by an older version, which does not keep its work apart from that of a run with another model.`,
        'Finish one of them with the version that began it. A new run is not concerned.',
      )
    }
    return given.length > 0 ? [run.runId] : []
  })
}

const runsOn = async (bus: Bus): Promise<PlannerState[]> =>
  (await heldValues(bus.kv('runs', PlannerState))).flatMap((held) => ('value' in held ? [held.value] : []))

/** The settings of the runs that are not done. */
export const unfinishedOn = async (bus: Bus): Promise<RunConfig[]> =>
  (await runsOn(bus)).filter(({ phase }) => phase !== 'done').map(({ config }) => config)

/** Removes the consumers of queues that were of runs which are done, alone; `worked`: the queues of each role that a session worked on. */
export async function removeOwnQueues(bus: Bus, worked: Partial<Record<AgentRole, readonly string[]>>): Promise<void> {
  for (const { phase, config } of await runsOn(bus)) {
    if (phase !== 'done') continue
    for (const role of aloneIn(config)) {
      const queue = queuesOf(config)[role]
      if (worked[role]?.includes(queue)) await bus.removeConsumers(role, queue)
    }
  }
}

/** @throws UsageError for a run id used before */
export async function checkNew(bus: Bus, runId: string): Promise<void> {
  if (!(await bus.runs()).includes(runId)) return
  throw new UsageError(
    `There is a run ${runId} already; a run id is never used twice.`,
    `Choose another --run-id, or: syllabus resume ${runId}`,
  )
}

/** A line for each run that asks what an agent of this topology asks, and keeps its work to agents that are started for it. */
export function keptFrom(runs: readonly RunConfig[], of: AgentRole, topology: Topology): string[] {
  const { data: role } = PayingRole.safeParse(of)
  const model = role && modelsOf(topology)[role]
  if (role === undefined || model === undefined) return []
  const address = boundTo(topology, process.env).addresses[role]
  return runs
    .filter((run) => run.models[role] === model && run.addresses?.[role] === address && !isShared(run, role))
    .map(
      ({ runId }) => `run ${runId} keeps its work to agents that are started for it. To help it, add: --run ${runId}`,
    )
}
