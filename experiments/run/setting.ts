import type { Setting } from '../../schemas/run.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'

/**
 * The setting of a run: seed where the task has a pool and a teacher writes the rows, else scratch, unless it is chosen. Errors:
 * UsageError for the setting seed where nothing could be built on a seed.
 */
export function settingOf({ id, seeds }: Task, { name, agents }: Topology, asked: Setting | undefined): Setting {
  const prompts = agents.generator.variant === 'llm'
  if (asked !== 'seed') return asked ?? (seeds.length > 0 && prompts ? 'seed' : 'scratch')
  if (seeds.length === 0) {
    const fix = 'Name a file of raw questions as seed: in its task.yaml, or run it with --setting scratch.'
    throw new UsageError(`The task ${id} has no seed pool.`, fix)
  }
  if (prompts) return asked
  const fix = 'Use a topology with the generator llm, or --setting scratch.'
  throw new UsageError(`The generator of topology ${name} samples procedures and builds on no seeds.`, fix)
}
