import { PlannerState } from '../agents/planner/state.ts'
import { type Bus, heldValues } from '../bus/mod.ts'
import { queuesOf } from '../schemas/queue.ts'
import type { RunConfig, Variants } from '../schemas/run.ts'
import type { Topology } from '../schemas/topology.ts'
import { PayingRole } from '../schemas/usage.ts'
import { UsageError } from '../schemas/user-error.ts'
import { modelsOf } from './topology/models.ts'

type Unfinished = Pick<RunConfig, 'runId' | 'models' | 'variants' | 'queues'>

/**
 * The first run whose work agents of these queues would be given, and which means it for another model; null where there is none. Runs begun
 * before models had queues of their own share one with all others of their variants.
 */
export function sharedWith(runs: readonly Unfinished[], topology: Topology, queues: Variants): string | null {
  const asked = modelsOf(topology)
  const meansAnother = ({ models, ...run }: Unfinished) =>
    PayingRole.options.some(
      (role) => models[role] && asked[role] && models[role] !== asked[role] && queuesOf(run)[role] === queues[role],
    )
  return runs.find(meansAnother)?.runId ?? null
}

/** @throws UsageError where agents of these queues would be given work that a run means for another model */
export async function checkShared(bus: Bus, topology: Topology, queues: Variants): Promise<void> {
  const runs = (await heldValues(bus.kv('runs', PlannerState))).flatMap((held) => ('value' in held ? [held.value] : []))
  const unfinished = runs.filter(({ phase }) => phase !== 'done').map(({ config }) => config)
  const other = sharedWith(unfinished, topology, queues)
  if (other === null) return
  throw new UsageError(
    `Run ${other} was begun by an older version, which does not keep its work apart from that of a run with another model.`,
    'Finish one of them with the version that began it. A new run is not concerned.',
  )
}
