import type { ArmPlan } from './plan.ts'

/** What arms take together, all their runs counted. Null: of some arm it is not known. `atMost` is what their limits allow. */
export type Total = {
  runs: number
  calls: number
  tokens: number
  money: number | null
  trainings: number
  hours: number | null
  atMost: { teacherCalls: number | null; hours: number }
}

/** Sums the estimates of arms. Pure. */
export function totalOf(plans: readonly ArmPlan[]): Total {
  const sum = (of: (plan: ArmPlan) => number) => plans.reduce((all, plan) => all + plan.runs * of(plan), 0)
  const known = (of: (plan: ArmPlan) => number | null) =>
    plans.some((plan) => of(plan) === null) ? null : sum((plan) => of(plan)!)
  return {
    runs: sum(() => 1),
    calls: sum(({ estimate }) => estimate.spent.calls),
    tokens: sum(({ estimate }) => estimate.spent.inputTokens + estimate.spent.outputTokens),
    money: known(({ estimate }) => estimate.money),
    trainings: sum(({ estimate }) => estimate.trainings.count),
    hours: known(({ estimate: { hours } }) =>
      hours.calls === null || hours.training === null || hours.answers === null
        ? null
        : hours.calls + hours.training + hours.answers,
    ),
    atMost: {
      teacherCalls: known(({ topology }) => topology.run.teacherCalls),
      hours: sum(({ topology }) => topology.run.maxHours),
    },
  }
}
