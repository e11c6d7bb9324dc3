import { PlannerState } from '../agents/planner/state.ts'
import { type Bus, heldValues } from '../bus/mod.ts'
import type { RunConfig } from '../schemas/run.ts'
import type { Topology } from '../schemas/topology.ts'
import { modelsOf } from './topology/models.ts'

type Unfinished = Pick<RunConfig, 'runId' | 'models' | 'variants'>

/**
 * A line for each run that is not finished and asks another model than these agents: they take the work of all runs of their variants, so
 * what is left of its round is made, and paid for, by their model.
 */
export function otherModels(runs: readonly Unfinished[], topology: Topology): string[] {
  const asked = modelsOf(topology)
  return runs.flatMap(({ runId, models, variants }) =>
    (['generator', 'critic'] as const).flatMap((role) => {
      const [own, other] = [models[role], asked[role]]
      if (!own || !other || own === other || variants[role] !== topology.agents[role].variant) return []
      return [
        `warning: run ${runId} is not finished, and its ${role} asked ${own}: what is left of its round is made by ${other} now. ` +
          'Let it finish with its own command first, or work in another SYLLABUS_HOME',
      ]
    }),
  )
}

/** The same of the runs on a bus. */
export async function otherModelsOn(bus: Bus, topology: Topology): Promise<string[]> {
  const runs = (await heldValues(bus.kv('runs', PlannerState))).flatMap((held) => ('value' in held ? [held.value] : []))
  return otherModels(
    runs.filter(({ phase }) => phase !== 'done').map(({ config }) => config),
    topology,
  )
}
