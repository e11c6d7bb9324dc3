import { join } from 'node:path'
import type { Bus } from '../../bus/mod.ts'
import { analyseComparison } from '../../evidence/report/comparison/analyse.ts'
import { type ComparedResult, resultOf } from '../../evidence/report/comparison/compared-run.ts'
import { comparisonHtml, comparisonMarkdown } from '../../evidence/report/comparison/document.ts'
import type { RowShown } from '../../evidence/report/comparison/made.ts'
import {
  ComparisonPlan,
  fewestPairs,
  type PlannerArm,
  partsOfArm,
  runsOf,
  SearchingPlanner,
} from '../../evidence/report/comparison/plan.ts'
import { effectSentence } from '../../evidence/report/comparison/text.ts'
import { reportJson, writeForms } from '../../evidence/report/mod.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { withPlanner } from '../../launcher/topology/overrides.ts'
import { makeFolder, runsFolder } from '../../machine/folders.ts'
import { readState, writeWhole } from '../../machine/state-file.ts'
import { numberText, plural } from '../../schemas/number-text.ts'
import { shortenCounted } from '../../schemas/text.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { asksModel } from '../../schemas/variants.ts'
import type { Estimate } from '../estimate/estimate.ts'
import { summaryOf } from '../estimate/print.ts'
import { runRows } from '../inspect/run-rows.ts'
import { readRun } from '../run/follow-run.ts'

/** The arms of a comparison that names none: every planner that is given as much as the others. */
export const usualArms = ({ agents }: Topology): PlannerArm[] =>
  asksModel(agents.planner)
    ? SearchingPlanner.options.filter((arm) => arm !== 'llm-one-shot')
    : SearchingPlanner.options.filter((arm) => !asksModel({ variant: arm }))

/** The topology with an arm's planner, one process of it, and its strategy. */
export function topologyOfArm(topology: Topology, arm: PlannerArm): Topology {
  const { planner, strategy } = partsOfArm(arm)
  const { agents, run, ...rest } = withPlanner(topology, planner)
  return {
    ...rest,
    run: strategy ? { ...run, strategy } : run,
    agents: { ...agents, planner: { ...agents.planner, replicas: 1 } },
  }
}

/** Second seeds are trainings, too: where arms are raced, all of them have as many trainings as attempts in all. */
export const equalTrainings = (topology: Topology, attempts: number): Topology =>
  topology.run.racing.seeds > 1 && topology.run.trainings === null
    ? { ...topology, run: { ...topology.run, trainings: attempts } }
    : topology

const comparisonFolder = (name: string): string => join(runsFolder(), name)

const sayable = (value: unknown) => JSON.stringify(value)

/**
 * Writes a plan into its comparison's folder, before the first run.
 * @throws UsageError when another plan of that name is there: a comparison that is changed once results are known is none
 */
export async function keepPlan(plan: ComparisonPlan): Promise<void> {
  const folder = comparisonFolder(plan.name)
  const path = join(folder, 'plan.json')
  const kept = await readState(path, ComparisonPlan, 'Choose another --name, or remove that folder.')
  if (!kept) {
    makeFolder(folder)
    return writeWhole(path, `${JSON.stringify(plan, null, 2)}\n`)
  }
  const other = (Object.keys(plan) as (keyof ComparisonPlan)[]).find((key) => sayable(kept[key]) !== sayable(plan[key]))
  if (!other) return
  throw new UsageError(
    `The comparison ${plan.name} was begun with ${other} ${sayable(kept[other])}, and this command says ${sayable(plan[other])}.`,
    'Give the command that it was begun with, to go on with it; or choose another --name.',
  )
}

/** What a comparison will do and probably take, in lines; `perRun` estimates one run of each arm. */
export function printComparisonPlan(plan: ComparisonPlan, perRun: ReadonlyMap<string, Estimate>): string[] {
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
    `comparison ${name}: ${pairs} ${plural(pairs, 'pair')} of ${arms.length} arms, ${runs} ${plural(runs, 'run')} one after another; seeds ${seed} to ${seed + pairs - 1}`,
    `each run: ${attempts} ${plural(attempts, 'attempt')} of ${numberText(rows)} ${plural(rows, 'row')}, the chosen dataset with ${trainingSeeds} fresh training ${plural(trainingSeeds, 'seed')}, ${teacherCalls === null ? 'teacher calls not limited' : `at most ${numberText(teacherCalls)} teacher ${plural(teacherCalls, 'call')}`}, one final evaluation`,
    ...[...perRun].map(([arm, estimate]) => `${arm}, one run: ${summaryOf(estimate)}`),
    `in all: ${trainings} ${plural(trainings, 'training')} (${timeOf('training')}), ${numberText(answers)} ${plural(answers, 'answer')} of the student (${timeOf('answers')}), ${numberText(
      sum(({ spent }) => spent.calls),
    )} calls, ${runs} final evaluations`,
    ...(pairs < fewestPairs
      ? [
          `${pairs} ${plural(pairs, 'pair')} can show nothing: the smallest two-sided p is 2/2^${pairs}; ${fewestPairs} pairs are the fewest that can`,
        ]
      : []),
  ]
}

/** The first pair of which every arm chose a dataset. */
const pairToShow = (arms: readonly string[], results: readonly ComparedResult[]): number | undefined =>
  [...Map.groupBy(results, ({ pair }) => pair)].find(
    ([, runs]) => runs.length === arms.length && runs.every(({ chosen }) => typeof chosen === 'number'),
  )?.[0]

/** Rows that are shown of a skill, and of a dataset. */
const [rowsOfSkill, rowsShown] = [3, 24]

/** Some admitted rows of each skill of a run's chosen dataset, in the order of admission; none where they are not kept any more. */
async function rowsToShow(bus: Bus, { runId, chosen }: ComparedResult): Promise<RowShown[]> {
  const shown: RowShown[] = []
  try {
    for await (const { row } of runRows(bus, runId, { admitted: true, attempt: chosen! })) {
      if (!row || shown.filter(({ skill }) => skill === row.skill).length >= rowsOfSkill) continue
      const { id, skill, input, output } = row
      shown.push({ id, skill, input: shortenCounted(input, shownChars), output: shortenCounted(output, shownChars) })
      if (shown.length >= rowsShown) break
    }
  } catch {
    return []
  }
  return shown
}

const shownChars = 400

/** Writes `runs/<name>/comparison.{json,md,html}` from the logs of the comparison's runs. */
export async function writeComparison(bus: Bus, plan: ComparisonPlan, reporter: Reporter): Promise<void> {
  const results: ComparedResult[] = []
  for (const run of runsOf(plan)) results.push(resultOf(run, await readRun(bus, run.runId)))
  const pair = pairToShow(plan.arms, results)
  for (const run of results) if (run.pair === pair) run.rows = await rowsToShow(bus, run)
  const comparison = analyseComparison(plan, results)
  const [html, md, json] = [comparisonHtml(comparison), comparisonMarkdown(comparison), reportJson(comparison)]
  const paths = await writeForms(comparisonFolder(plan.name), 'comparison', { html, md, json })
  for (const effect of comparison.effects) reporter.line(effectSentence(effect))
  reporter.line(`comparison: ${paths.html}`)
  reporter.json({ type: 'comparison', ...paths })
}
