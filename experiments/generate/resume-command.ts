import type { PlannerState } from '../../agents/planner/state.ts'
import type { RunLimits } from '../../schemas/run.ts'
import type { Topology } from '../../schemas/topology.ts'

/** Limits that a command names by options of its own. */
export type NamedLimits = { candidateCap?: number | undefined }

/** Whether the same command has nothing more to do: the rows are there, or the program is at fault. */
export const isFinal = ({ phase, stopReason }: Pick<PlannerState, 'phase' | 'stopReason'>): boolean =>
  phase === 'done' && (stopReason === 'rows-complete' || stopReason === 'program-raised')

/**
 * The limits under which a run goes on: what the command or its topology names; else what the run has, so that no limit is lifted by
 * leaving it out. Rounds count from here, and so do hours, which the planner counts.
 */
export function limitsFor(
  { config, attempts }: Pick<PlannerState, 'config' | 'attempts'>,
  { run }: Topology,
  { candidateCap }: NamedLimits,
): RunLimits {
  const { limits } = config
  return {
    ...limits,
    candidateCap: candidateCap ?? limits.candidateCap,
    maxRounds: (attempts[0]?.round ?? 0) + run.maxRounds,
    maxHours: run.maxHours,
    attemptHours: run.attemptHours ?? limits.attemptHours,
    teacherCalls: run.teacherCalls ?? limits.teacherCalls,
    attemptCalls: run.attemptCalls ?? limits.attemptCalls,
    modelCalls: { ...limits.modelCalls, ...run.modelCalls },
    tokens: run.tokens ?? limits.tokens,
    money: run.money ?? limits.money,
  }
}
