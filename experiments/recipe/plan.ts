import { hashOf } from '../../schemas/hash.ts'
import type { RecipeFile, RecipeTask } from '../../schemas/recipe.ts'
import type { Setting } from '../../schemas/run.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import type { Estimate } from '../estimate/estimate.ts'
import { estimateOf } from '../estimate/of-topology.ts'
import type { EvidenceRequest, PlannedEvidence } from '../run/evidence.ts'
import { planRun } from '../run/plan-run.ts'
import type { NamedArm } from './arms.ts'
import type { Sources } from './sources.ts'
import { taskOf } from './task-folder.ts'
import { topologyOf } from './topology.ts'

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

/** Plans every arm given; tasks are made, nothing else is. Errors: UsageError, and TaskError. */
export async function planArms(
  recipe: RecipeFile,
  arms: readonly NamedArm[],
  options: RecipeOptions,
  line: (text: string) => void,
): Promise<ArmPlan[]> {
  const made = new Map<string, Promise<Task>>()
  const taskFor = (task: RecipeTask) => {
    const key = hashOf(task)
    const found = made.get(key) ?? taskOf(task, { id: recipe.name, sources: options.sources, line })
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
