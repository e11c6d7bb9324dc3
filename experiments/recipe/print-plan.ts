import { modelsOf } from '../../launcher/topology/models.ts'
import { dollars, numberText, plural } from '../../schemas/number-text.ts'
import type { RecipeFile } from '../../schemas/recipe.ts'
import { BridgeOptions } from '../../trainer-bridge/options.ts'
import { summaryOf, time } from '../estimate/print.ts'
import type { ArmPlan } from './plan.ts'

/** A plan as a document: what `--dry-run --json` writes. */
export const planDocument = (recipe: RecipeFile, plans: readonly ArmPlan[]) => ({
  type: 'plan',
  recipe: recipe.name,
  arms: plans.map(({ task, topology, evidence, ...plan }) => ({
    ...plan,
    task: { dir: task.dir, sha256: task.sha256, ...sizes(task) },
    planner: topology.agents.planner.variant,
    models: modelsOf(topology),
    student: topology.agents['trainer-bridge'].options.student ?? 'embedded',
    runtimes: BridgeOptions.pick({ train: true, infer: true }).strip().parse(topology.agents['trainer-bridge'].options),
    evidence,
    limits: topology.run,
  })),
  total: totalOf(plans),
  notStated: recipe.notStated,
})

/** The plan as lines of text: each arm, all of them, and what the recipe had to leave open. */
export function printRecipePlan(recipe: RecipeFile, plans: readonly ArmPlan[]): string[] {
  const { runs, calls, tokens, money, trainings, hours, gpuHours, atMost } = totalOf(plans)
  const notStated = Object.entries(recipe.notStated)
  return [
    recipe.title,
    ...plans.flatMap(printArm),
    '',
    `in all: ${runs} ${plural(runs, 'run')}; ${numberText(calls)} ${plural(calls, 'call')}, ${numberText(tokens)} tokens, ${dollars(money)}; ${numberText(trainings)} ${plural(trainings, 'training')}; ${time(hours, 'time')}${gpuHours === 0 ? '' : `, of which ${time(gpuHours, 'GPU')}`}`,
    `at most, by the limits: ${atMost.teacherCalls === null ? 'teacher calls without a limit' : `${numberText(atMost.teacherCalls)} teacher ${plural(atMost.teacherCalls, 'call')}`}, ${numberText(atMost.hours)} h of search`,
    ...(notStated.length > 0 ? ['', 'not stated by what the recipe follows, and chosen here:'] : []),
    ...notStated.map(([what, chosen]) => `  ${what}: ${chosen}`),
  ]
}

function printArm({ name, set, runs, task, topology, setting, attempts, rows, evidence, estimate }: ArmPlan): string[] {
  const { agents, run } = topology
  const models = Object.entries(modelsOf(topology)).map(([role, model]) => `${role} ${model}`)
  const { validation, test, audit, seeds, references } = sizes(task)
  const sets = [
    `validation ${validation}`,
    `test ${test}`,
    `audit ${audit}`,
    `seed pool ${seeds}`,
    ...Object.entries(references).map(([arm, rows]) => `${arm} ${rows}`),
  ]
  return [
    '',
    `${name}: ${runs} ${plural(runs, 'run')} ${set}-1${runs > 1 ? `, … -${runs}` : ''}`,
    `  ${agents.planner.variant}, ${setting}; ${attempts} ${plural(attempts, 'attempt')} of ${rows} ${plural(rows, 'row')}, ${run.maxHours} h; ${models.join(', ')}; student ${agents['trainer-bridge'].options.student ?? 'embedded'}${runtimesIn(topology)}`,
    `  ${sets.join(', ')}; arms ${['final', ...evidence.arms].join(', ')} with ${evidence.seeds} ${plural(evidence.seeds, 'seed')} each`,
    `  one run, ${summaryOf(estimate)}`,
    ...estimate.beyond.map((limit) => `  ends at ${limit}`),
  ]
}

/** The runtimes of an arm, where it names some. */
function runtimesIn({ agents }: ArmPlan['topology']): string {
  const { train, infer } = agents['trainer-bridge'].options
  return [train && `, trained by ${train}`, infer && `, answered by ${infer}`].filter(Boolean).join('')
}

const sizes = ({ validation, test, audit, seeds, references }: ArmPlan['task']) => ({
  validation: validation.length,
  test: test.length,
  audit: audit.length,
  seeds: seeds.length,
  references: Object.fromEntries(references.map(({ arm, rows }) => [arm, rows.length])),
})

/** What arms take together, all their runs counted. Null: of some arm it is not known. `atMost` is what their limits allow. */
type Total = {
  runs: number
  calls: number
  tokens: number
  money: number | null
  trainings: number
  hours: number | null
  /** Of training and answering as students that want a GPU. */
  gpuHours: number | null
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
    gpuHours: known(({ gpu, estimate: { hours } }) => {
      if (!gpu) return 0
      return hours.training === null || hours.answers === null ? null : hours.training + hours.answers
    }),
    atMost: {
      teacherCalls: known(({ topology }) => topology.run.teacherCalls),
      hours: sum(({ topology }) => topology.run.maxHours),
    },
  }
}
