import { paperNames } from '../../launcher/topology/paper-names.ts'
import { laidOver, readTopology } from '../../launcher/topology/topology-file.ts'
import { withModel } from '../../launcher/topology/with-model.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { RecipeArm, RecipeFile, RecipeTask } from '../../schemas/recipe.ts'
import type { Setting } from '../../schemas/run.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import type { Estimate } from '../estimate/estimate.ts'
import { estimateOf } from '../estimate/of-topology.ts'
import type { EvidenceRequest, PlannedEvidence } from '../run/evidence.ts'
import { planRun } from '../run/plan-run.ts'
import type { NamedArm } from './arms.ts'
import type { Sources } from './sources.ts'
import { recipeTask } from './task-folder.ts'

/** What the command line says otherwise than the recipe. */
export type RecipeOptions = EvidenceRequest & {
  seed: number
  sources: Sources
  rows?: number
  model?: string
  runs?: number
  runId?: string
}

/** The runs of one arm, ready to be begun. */
export type ArmPlan = {
  name: string
  /** Name of the set of runs. It follows from all that fixes them, so the same command given again goes on with them. */
  set: string
  runs: number
  task: Task
  topology: Topology
  evidence: PlannedEvidence
  setting: Setting
  attempts: number
  rows: number
  /** Whether the student named wants a GPU. */
  gpu: boolean
  /** Of one run. */
  estimate: Estimate
}

/**
 * Plans every arm given; tasks are made, nothing else is.
 * @throws UsageError, and TaskError
 */
export async function planArms(
  recipe: RecipeFile,
  arms: readonly NamedArm[],
  options: RecipeOptions,
  line: (text: string) => void,
): Promise<ArmPlan[]> {
  const made = new Map<string, Promise<Task>>()
  const taskFor = (task: RecipeTask) => {
    const key = hashOf(task)
    const found = made.get(key) ?? recipeTask(task, { id: recipe.name, sources: options.sources, line })
    made.set(key, found)
    return found
  }
  const plans: ArmPlan[] = []
  for (const arm of arms) plans.push(await planArm(recipe, arm, await taskFor(arm.arm.task), options))
  return plans
}

async function planArm(
  recipe: RecipeFile,
  { name, arm }: NamedArm,
  task: Task,
  options: RecipeOptions,
): Promise<ArmPlan> {
  const topology = await topologyOf(recipe.topology, arm, options.model)
  const fixed = {
    runs: options.runs ?? arm.runs,
    attempts: options.attempts ?? topology.run.attempts,
    rows: options.rows ?? topology.run.rows ?? task.rows.target,
    ...(await planRun(task, topology, { ...options, setting: arm.setting })),
  }
  const { runs: _any, ...each } = fixed
  const identity = hashOf({ ...each, seed: options.seed, topology, task: task.sha256 }).slice(0, 8)
  return {
    name,
    set: options.runId ?? `${`${recipe.name}-${name}`.slice(0, 35)}-${identity}`,
    task,
    topology,
    gpu: arm.gpu && topology.agents['trainer-bridge'].options.student === arm.models.student,
    ...fixed,
    estimate: await estimateOf(task, topology, fixed),
  }
}

/**
 * The topology of an arm: the recipe's file, the arm's changes, its models, its settings by the paper's names; then those of the
 * environment, and `model` for every agent that asks one.
 * @throws UsageError
 */
async function topologyOf(
  file: string,
  { topology, models, limits, runtimes }: RecipeArm,
  model?: string,
): Promise<Topology> {
  const strange = Object.keys(limits).find((name) => !paperNames.some((known) => known.name === name))
  if (strange !== undefined) {
    const known = paperNames.map(({ name }) => name).join(', ')
    throw new UsageError(`The recipe names a limit "${strange}", which is none.`, `There is ${known}.`)
  }
  const texts = Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, String(value)]))
  const read = await readTopology(file, { over: laidOver(topology, named(models)), limits: texts })
  const bridge = read.agents['trainer-bridge']
  const options = bridge.options.student === models.student ? { ...runtimes, ...bridge.options } : bridge.options
  return withModel({ ...read, agents: { ...read.agents, 'trainer-bridge': { ...bridge, options } } }, model)
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
