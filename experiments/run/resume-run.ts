import type { PlannerState } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import { StatusChanged } from '../../schemas/messages/run.ts'
import type { RunLimits } from '../../schemas/run.ts'
import { readRun } from './follow-run.ts'
import { sendCommand } from './operator-command.ts'

/** Lets a run go on, and says from where to follow it. A finished one is followed from its last status on: its report is written again. */
export async function resumeRun(bus: Bus, state: PlannerState): Promise<{ runId: string; fromSeq: number }> {
  const { runId } = state.config
  return { runId, fromSeq: state.phase === 'done' ? await lastOf(bus, runId) : await resumeWithDeadLetters(bus, state) }
}

/** Where the log has a run's status last: what a person asked of an ended run comes after that, and changes nothing. */
export const lastOf = async (bus: Bus, runId: string): Promise<number> =>
  (await readRun(bus, runId)).findLast(({ name }) => name === StatusChanged.name)?.seq ?? 1

/**
 * Resumes a run and sends again what its agents gave up on: whoever resumes it has fixed the cause. Gives the place of the log from
 * which it goes on.
 */
export async function resumeWithDeadLetters(bus: Bus, state: PlannerState, limits?: RunLimits): Promise<number> {
  const seq = await sendCommand(bus, state, 'resume', { limits })
  for (const { id, message } of await bus.dead.list()) {
    if (message?.runId === state.config.runId) await bus.dead.redrive(id)
  }
  return seq
}
