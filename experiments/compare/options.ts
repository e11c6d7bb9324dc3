import type { PlannerArm } from '../../evidence/report/comparison/plan.ts'
import type { Overrides } from '../../launcher/topology/overrides.ts'
import type { Setting } from '../../schemas/run.ts'

/** What a comparison is asked for. */
export type CompareOptions = Omit<Overrides, 'planner'> & {
  arms?: PlannerArm[]
  /** Settings of the topology, each with a value for each arm. */
  vary?: readonly string[]
  /** Whether all combinations of several settings are arms. */
  product: boolean
  runs: number
  topology: string
  attempts?: number
  rows?: number
  seed: number
  seeds?: number
  model?: string
  teacher?: string
  setting?: Setting
  name?: string
  dryRun: boolean
  json: boolean
}
