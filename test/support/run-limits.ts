import { Budget } from '../../schemas/run-settings.ts'

/** The limits of runs that tests make up: the topology's defaults, nothing paid limited. */
export const runLimits = {
  maxFixesInARow: 3,
  candidateCap: 3,
  maxRounds: 8,
  shardSize: 25,
  maxShardsInFlight: 64,
  maxJobsInFlight: 4,
  maxHours: 12,
  trialCalls: null,
  aheadCalls: 0,
  ...Budget.parse({}),
}
