import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { procedureOf } from '../../tasks/procedures.ts'

/** Errors: UsageError when the topology's generator samples procedures and the task has none. */
export function checkGenerator(task: Task, { name, agents }: Topology): void {
  if (agents.generator.variant !== 'procedural' || procedureOf(task)) return
  throw new UsageError(
    `The task ${task.id} (${task.dir}) has no procedure that makes rows, and the generator of topology ${name} is procedural: a generator with a teacher is needed.`,
    'Name a generator with a teacher in a copy of the topology and pass it with --topology, or add a procedure as docs/add-a-task.md says.',
  )
}
