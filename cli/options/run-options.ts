import { type Command, InvalidArgumentError, Option } from 'commander'
import { BaselineArm, BaselineKind } from '../../schemas/arm.ts'
import { Setting } from '../../schemas/run.ts'
import { attemptCount, rowCount, seedCount, wholeNumber } from './option-parsers.ts'
import { modelOption, plannerOption, scorerOption, studentOption, teacherOption } from './shared-options.ts'

/** The options that fix what a run does and measures, for the commands that start one and that estimate one. */
export const addRunOptions = (command: Command) =>
  command
    .addOption(studentOption())
    .addOption(plannerOption())
    .option('--attempts <n>', 'datasets to try (the topology says 3)', attemptCount)
    .option('--rows <n>', 'rows of every dataset (the task has a default)', rowCount)
    .addOption(modelOption())
    .option('--budget <calls>', 'teacher calls of the whole run at most (the topology says)', wholeNumber)
    .option(
      '--seeds <k>',
      'fresh training seeds of the chosen dataset and of each baseline (the topology says)',
      seedCount,
    )
    .option(
      '--arms <list>',
      `baselines to train: ${BaselineKind.options.join(',')}; all; none (the topology says)`,
      armNames,
    )
    .option('--submissions', 'every valid attempt of the search is also evaluated on the test, after the search')
    .option('--no-submissions', 'only the chosen dataset and its baselines are')
    .option('--retention', 'base, final and control answer items outside the task, to see what was forgotten')
    .option('--no-retention', 'they do not')
    .option(
      '--swap-validation-at <i>',
      'half of validation guides the search before attempt i, the other half from then on',
      attemptCount,
    )
    .addOption(
      new Option(
        '--setting <name>',
        "rows from nothing, or built on the task's seed pool (default: seed where it has one)",
      ).choices(Setting.options),
    )
    .addOption(teacherOption())
    .addOption(scorerOption())

/** Baselines by name, with commas between them; `all` of them, or `none`. */
export function armNames(text: string): BaselineArm[] | 'all' {
  if (text === 'all') return 'all'
  if (text === 'none') return []
  return text.split(',').map((name) => {
    const arm = BaselineArm.safeParse(name.trim())
    if (!arm.success)
      throw new InvalidArgumentError(`there is ${BaselineKind.options.join(', ')}, reference-<name>, all and none.`)
    return arm.data
  })
}
