import type { Setting } from '../../schemas/run.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { sourceKindsOf } from '../../schemas/variants.ts'
import { retentionOf } from '../../tasks/read-retention.ts'
import { checkGenerator } from '../checks/check-program.ts'
import { checkSeeds } from '../checks/check-seeds.ts'
import { type EvidenceRequest, type PlannedEvidence, planEvidence } from './evidence.ts'

/**
 * What follows from a task and a topology for a run on them; nothing is started.
 * @throws UsageError where they do not go together
 */
export async function planRun(
  task: Task,
  topology: Topology,
  options: EvidenceRequest & { setting?: Setting },
): Promise<{ evidence: PlannedEvidence; setting: Setting }> {
  checkGenerator(task, topology)
  const evidence = planEvidence(task, topology, options)
  if (evidence.retention) await retentionOf(task)
  const setting = settingOf(task, topology, options.setting)
  if (setting === 'seed') checkSeeds(task)
  return { evidence, setting }
}

/**
 * The setting of a run: seed where the task has a pool and a teacher writes the rows, else scratch, unless it is chosen.
 * @throws UsageError for the setting seed where nothing could be built on a seed
 */
export function settingOf({ id, seeds }: Task, { name, agents }: Topology, asked: Setting | undefined): Setting {
  const prompts = sourceKindsOf(agents.generator).includes('prompt')
  if (asked !== 'seed') return asked ?? (seeds.length > 0 && prompts ? 'seed' : 'scratch')
  if (seeds.length === 0) {
    const fix = 'Name a file of raw questions as seed: in its task.yaml, or run it with --setting scratch.'
    throw new UsageError(`The task ${id} has no seed pool.`, fix)
  }
  if (prompts) return asked
  const fix = 'Use a topology with the generator llm, or --setting scratch.'
  throw new UsageError(`The generator of topology ${name} samples procedures and builds on no seeds.`, fix)
}
