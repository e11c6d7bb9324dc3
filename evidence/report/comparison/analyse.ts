import { shares } from '../statistics/intervals.ts'
import { type OverRuns, overRuns } from '../statistics/over-runs.ts'
import type { RunResult } from './compared-run.ts'
import { type Effect, effectsOf } from './effects.ts'
import { type ArmUse, armUses } from './equality.ts'
import { withObjections } from './objections.ts'
import { type ComparisonPlan, leadOf, type PlannerArm } from './plan.ts'

/** What a comparison found; all that its page shows. */
export type Comparison = {
  plan: ComparisonPlan
  lead: PlannerArm
  /** The part of the test that counts, and how it was scored; null before a test was opened. */
  headline: { part: string; mode: 'strict' | 'lenient' } | null
  runs: RunResult[]
  /** Share right on the test by arm. */
  arms: { arm: PlannerArm; score: OverRuns | null; withoutResult: number }[]
  effects: Effect[]
  uses: ArmUse[]
}

/** Puts the results of a comparison's runs together. */
export function analyseComparison(plan: ComparisonPlan, runs: readonly RunResult[]): Comparison {
  const lead = leadOf(plan)
  const uses = armUses(plan.arms, lead, runs)
  const measured = runs.find(({ score }) => score !== null)
  return {
    plan,
    lead,
    headline: measured ? { part: measured.part, mode: measured.mode } : null,
    runs: [...runs],
    arms: plan.arms.map((arm) => {
      const own = runs.filter((run) => run.arm === arm)
      const scores = own.flatMap(({ score }) => score ?? [])
      return { arm, score: overRuns(scores, shares), withoutResult: own.length - scores.length }
    }),
    effects: effectsOf(plan.arms, runs).map((effect) => withObjections(effect, runs, uses)),
    uses,
  }
}
