import { PlannerState } from '../../agents/planner/state.ts'
import { type Bus, heldValues } from '../../bus/mod.ts'
import { UsageError } from '../../schemas/user-error.ts'

const shownRuns = 5

/**
 * The run named, or the only one that `isWanted` accepts.
 * @throws UsageError when there is none, or more than one
 */
export async function pickRun(
  bus: Bus,
  runId: string | undefined,
  isWanted: (state: PlannerState) => boolean,
): Promise<PlannerState> {
  const states = bus.kv('runs', PlannerState)
  const named = runId && (await states.get(runId))
  if (named) return named.value
  const found = runId ? [] : (await heldValues(states)).flatMap((held) => ('value' in held ? [held.value] : []))
  const fitting = found.filter(isWanted)
  if (fitting.length === 1) return fitting[0]!
  const wanted = runId
    ? `There is no run ${runId} on this bus.`
    : fitting.length > 0
      ? `There are ${fitting.length} runs that could be meant.`
      : 'There is no run to which this applies.'
  const latest = (runId ? [] : fitting).toSorted((a, b) => b.config.startedAt.localeCompare(a.config.startedAt))
  const names = latest.slice(0, shownRuns).map(({ config, status }) => `${config.runId} (${status})`)
  const last = names.length > 0 ? `The last: ${names.join(', ')}. ` : ''
  throw new UsageError(wanted, `${last}See them with "npx syllabus status" and name one.`)
}

/** The id of the run named, or of the only one that there is. @throws those of `pickRun` */
export const anyRunId = async (bus: Bus, runId: string | undefined): Promise<string> =>
  (await pickRun(bus, runId, () => true)).config.runId
