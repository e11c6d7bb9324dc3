import type { PlannerState } from '../agents/planner/state.ts'
import type { Bus } from '../bus/mod.ts'
import { sendControl } from './commands/control.ts'
import { readRun } from './follow-run.ts'

/** Lets a run go on, and says from where to follow it. A finished run is told from its last message on, so that its report is written again. */
export async function resumeRun(bus: Bus, state: PlannerState): Promise<{ runId: string; fromSeq: number }> {
  const { runId } = state.config
  const last = (await readRun(bus, runId)).at(-1)?.seq ?? 1
  if (state.phase === 'done') return { runId, fromSeq: last }
  await letGoOn(bus, state)
  return { runId, fromSeq: last + 1 }
}

/** Resumes a run and sends again what its agents gave up on: whoever resumes it has mended the cause. */
export async function letGoOn(bus: Bus, state: PlannerState): Promise<void> {
  await sendControl(bus, state, 'resume')
  for (const { id, message } of await bus.dead.list()) {
    if (message?.runId === state.config.runId) await bus.dead.redrive(id)
  }
}
