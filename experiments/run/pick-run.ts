import { PlannerState } from '../../agents/planner/state.ts'
import { type Bus, heldValues } from '../../bus/mod.ts'
import { UsageError } from '../../schemas/user-error.ts'

/** The run named, or the only one that `wanted` accepts. Errors: UsageError when there is none, or more than one. */
export async function pickRun(
  bus: Bus,
  runId: string | undefined,
  wanted: (state: PlannerState) => boolean,
): Promise<PlannerState> {
  const states = bus.kv('runs', PlannerState)
  const named = runId && (await states.get(runId))
  if (named) return named.value
  const found = runId ? [] : (await heldValues(states)).flatMap((held) => ('value' in held ? [held.value] : []))
  const fitting = found.filter(wanted)
  if (fitting.length === 1) return fitting[0]!
  throw new UsageError(
    runId ? `There is no run ${runId} on this bus.` : `There are ${fitting.length} runs that could be meant.`,
    'See them with "npx syllabus status" and name one.',
  )
}
