import { PlannerState } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import { RunStarted } from '../../schemas/messages/run.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../errors.ts'
import { readRun } from '../run/follow-run.ts'
import { resumeRun } from '../run/resume-run.ts'
import { type RunRequest, submitRun } from '../run/submit-run.ts'

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
  const { runId } = member
  const held = await bus.kv('runs', PlannerState).get(runId)
  const config = held?.value.config ?? (await configTold(bus, runId))
  if (!config) return { runId: await submitRun(bus, task, topology, { ...request, ...member }), fromSeq: 1 }
  const { seed, taskHash, comparison } = config
  if (seed !== member.seed || taskHash !== task.sha256 || comparison?.name !== request.comparison?.name) {
    throw new UsageError(
      `There is a run ${runId} already, with ${seed === member.seed ? 'another task or purpose' : `seed ${seed}`}.`,
      'Choose another name: --run-id for a set of runs, --name for a comparison.',
    )
  }
  return held ? resumeRun(bus, held.value) : { runId, fromSeq: 1 }
}

/** The settings of a run that no planner has taken up yet; null where there is no such run. */
async function configTold(bus: Bus, runId: string): Promise<RunConfig | null> {
  const started = (await readRun(bus, runId)).find(({ name }) => name === RunStarted.name)
  return started ? RunStarted.schema.parse(started.payload).config : null
}
