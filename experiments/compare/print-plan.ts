import { type ComparisonPlan, fewestPairs, type PlannerArm, runsOf } from '../../evidence/report/comparison/plan.ts'
import type { Estimate } from '../estimate/estimate.ts'
import { summaryOf, whole } from '../estimate/print.ts'

/** What a comparison will do and probably take, in lines; `perRun` estimates one run of each arm. */
export function printPlan(plan: ComparisonPlan, perRun: ReadonlyMap<PlannerArm, Estimate>): string[] {
  const { name, arms, pairs, seed, attempts, rows, trainingSeeds, teacherCalls } = plan
  const runs = runsOf(plan).length
  const each = [...perRun.values()]
  const sum = (of: (estimate: Estimate) => number) => pairs * each.reduce((all, estimate) => all + of(estimate), 0)
  const trainings = sum(({ trainings: { count } }) => count)
  const answers = sum(({ answers: { validation, sealed } }) => validation + sealed)
  const timeOf = (kind: keyof Estimate['hours']) =>
    each.every(({ hours }) => hours[kind] !== null)
      ? `${sum(({ hours }) => hours[kind]!).toFixed(1)} h`
      : 'time not known'
  return [
    `comparison ${name}: ${pairs} pairs of ${arms.length} arms, ${runs} runs one after another; seeds ${seed} to ${seed + pairs - 1}`,
    `each run: ${attempts} attempts of ${whole(rows)} rows, the chosen dataset with ${trainingSeeds} fresh training seed${
      trainingSeeds === 1 ? '' : 's'
    }, ${teacherCalls === null ? 'teacher calls not limited' : `at most ${whole(teacherCalls)} teacher calls`}, one opening of the test`,
    ...[...perRun].map(([arm, estimate]) => `${arm}, one run: ${summaryOf(estimate)}`),
    `in all: ${trainings} trainings (${timeOf('training')}), ${whole(answers)} answers of the student (${timeOf('answers')}), ${whole(
      sum(({ spent }) => spent.calls),
    )} calls, ${runs} openings of the test`,
    ...(pairs < fewestPairs
      ? [
          `${pairs} pairs can show nothing: the smallest two-sided p is 2/2^${pairs}; ${fewestPairs} pairs are the fewest that can`,
        ]
      : []),
  ]
}
