import { PlannerState } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../errors.ts'
import { resumeRun } from '../resume-run.ts'
import { type RunRequest, submitRun } from '../submit-run.ts'

export type Member = { runId: string; seed: number }

/** The runs of a set: equal in all but their seeds. */
export const membersOf = (set: string, seed: number, runs: number): Member[] =>
  Array.from({ length: runs }, (_, index) => ({ runId: `${set}-${index + 1}`, seed: seed + index }))

/**
 * Starts a run of a set, or goes on with it, so that the command of an interrupted set can be given again.
 * Errors: UsageError when the run that is there is not this one.
 */
export async function beginMember(
  bus: Bus,
  member: Member,
  { task, topology, request }: { task: Task; topology: Topology; request: RunRequest },
): Promise<{ runId: string; fromSeq: number }> {
  const held = await bus.kv('runs', PlannerState).get(member.runId)
  if (!held) return { runId: await submitRun(bus, task, topology, { ...request, ...member }), fromSeq: 1 }
  const { seed, taskHash } = held.value.config
  if (seed !== member.seed || taskHash !== task.sha256) {
    throw new UsageError(
      `There is a run ${member.runId} already, with ${seed === member.seed ? 'another task' : `seed ${seed}`}.`,
      'Choose another --run-id for this set.',
    )
  }
  return resumeRun(bus, held.value)
}
