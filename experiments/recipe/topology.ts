import { laidOver } from '../../launcher/topology/merge.ts'
import { paperNames } from '../../launcher/topology/paper-names.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { withModel } from '../../launcher/topology/with-model.ts'
import type { RecipeArm } from '../../schemas/recipe.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'

/**
 * The topology of an arm: the recipe's file, the arm's changes, its models, its settings by the paper's names; then those of the
 * environment, and `model` for every agent that asks one. Errors: UsageError.
 */
export async function topologyOf(
  file: string,
  { topology, models, limits }: RecipeArm,
  model?: string,
): Promise<Topology> {
  const strange = Object.keys(limits).find((name) => !paperNames.some((known) => known.name === name))
  if (strange !== undefined) {
    const known = paperNames.map(({ name }) => name).join(', ')
    throw new UsageError(`The recipe names a limit "${strange}", which is none.`, `There is ${known}.`)
  }
  const texts = Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, String(value)]))
  const read = await readTopology(file, { over: laidOver(topology, named(models)), limits: texts })
  return withModel(read, model)
}

/** The models of an arm, as options of its agents. */
function named({ planner, teacher, student }: RecipeArm['models']): unknown {
  const options = (values: Record<string, string | undefined>) => ({ options: values })
  return {
    agents: {
      ...(planner && { planner: options({ model: planner }) }),
      ...(teacher && { generator: options({ model: teacher }), critic: options({ model: teacher }) }),
      ...(student && { 'trainer-bridge': options({ student }) }),
    },
  }
}
