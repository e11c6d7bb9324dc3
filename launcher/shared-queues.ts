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

/** A line for each run that is not finished and whose metered work agents of this one do too, since both ask the same model at the same address. */
export function alsoWorkedOff(runs: readonly Unfinished[], own: string): string[] {
  const mine = runs.find(({ runId }) => runId === own)
  if (!mine) return []
  const isShared = (other: Unfinished) =>
    PayingRole.options.some((role) => {
      const queue = mine.models[role] === undefined ? undefined : queuesOf(mine)[role]
      return queue !== undefined && other.models[role] !== undefined && queuesOf(other)[role] === queue
    })
  return runs
    .filter((other) => other.runId !== own && isShared(other))
    .map(
      ({ runId }) =>
        `warning: run ${runId} is not finished and asks the same model at the same address: these agents do what is left of it too, ` +
        'and its calls are paid with the key of this command. To keep them apart, set SYLLABUS_HOME to another folder.',
    )
}

/** The same of the runs on a bus. */
export const alsoWorkedOffOn = async (bus: Bus, own: string): Promise<string[]> =>
  alsoWorkedOff(await unfinishedOn(bus), own)

async function unfinishedOn(bus: Bus): Promise<RunConfig[]> {
  const runs = (await heldValues(bus.kv('runs', PlannerState))).flatMap((held) => ('value' in held ? [held.value] : []))
  return runs.filter(({ phase }) => phase !== 'done').map(({ config }) => config)
}

/** @throws UsageError where agents of these queues would be given work that a run means for another model */
export async function checkShared(bus: Bus, topology: Topology, queues: Variants): Promise<void> {
  const other = sharedWith(await unfinishedOn(bus), topology, queues)
  if (other === null) return
  throw new UsageError(
    `Run ${other} was begun by an older version, which does not keep its work apart from that of a run with another model.`,
    'Finish one of them with the version that began it. A new run is not concerned.',
  )
}
