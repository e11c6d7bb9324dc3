import { type Command, InvalidArgumentError, Option } from 'commander'
import { PlannerArm, SearchingPlanner } from '../../evidence/report/comparison/plan.ts'
import { compare } from '../../experiments/compare/compare.ts'
import type { CompareOptions } from '../../experiments/compare/options.ts'
import { Setting } from '../../schemas/run.ts'
import { StrategyName } from '../../schemas/search.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import { attemptCount, collected, rowCount, runCount, seedCount, wholeNumber } from '../options/option-parsers.ts'
import { modelOption, studentOption, teacherOption, topologyOption } from '../options/shared-options.ts'

const names = SearchingPlanner.options.join(',')

export function registerCompare(program: Command): void {
  program
    .command('compare')
    .description(
      'was it worth it: paired runs of planners, plug-ins or settings that are given the same, and a report on them',
    )
    .argument('[task]', 'task folder', bundledTask)
    .option(
      '--arms <list>',
      `planners: ${names}; each also with a strategy, as rules-tree (default: those given equally much)`,
      planners,
    )
    .option(
      '--vary <place=values>',
      'arms that differ in one setting: generator=llm,./mine.ts, planner.options.temperature=0.2,1.0, run.rows=100,200',
      collected,
    )
    .option('--product', 'all combinations of several --vary are arms', false)
    .option('--runs <r>', 'runs of each arm, paired by their seeds seed, seed + 1, ...', runCount, 6)
    .addOption(topologyOption('which other agents run, their limits, and the options of planners'))
    .addOption(studentOption())
    .option('--budget <calls>', 'teacher calls of each run at most (the topology says)', wholeNumber)
    .option('--attempts <n>', 'datasets that each run tries (the topology says)', attemptCount)
    .option('--rows <n>', 'rows of every dataset (the task has a default)', rowCount)
    .option('--seed <n>', 'of the first pair', wholeNumber, 1)
    .option('--seeds <k>', "fresh training seeds of each run's chosen dataset (the topology says)", seedCount)
    .addOption(modelOption('language model of planners and teacher'))
    .addOption(teacherOption())
    .addOption(new Option('--setting <name>', "rows from nothing, or on the task's seed pool").choices(Setting.options))
    .option('--name <name>', 'of the comparison; the same name and command go on with it')
    .option('--dry-run', 'say what would be run and what it would take; call and start nothing', false)
    .option('--json', 'JSON lines instead of text', false)
    .action((folder: string, options: CompareOptions) => compare(folder, options))
}

/** Planners by name, with commas between them; `llm-` may be left out. */
function planners(text: string): PlannerArm[] {
  const names = text.split(',').map((written) => {
    const name = written.trim()
    const whole = PlannerArm.safeParse(name)
    return whole.success ? whole : PlannerArm.safeParse(`llm-${name}`)
  })
  const arms = names.flatMap(({ data }) => data ?? [])
  if (arms.length < names.length)
    throw new InvalidArgumentError(
      `there is ${names}, each also with a strategy: ${StrategyName.options
        .slice(1)
        .map((name) => `rules-${name}`)
        .join(', ')} ...`,
    )
  if (new Set(arms).size < 2 || new Set(arms).size < arms.length)
    throw new InvalidArgumentError('two different planners at least, each once.')
  return arms
}
