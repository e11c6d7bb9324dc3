import { type Command, Option } from 'commander'
import { source } from '../../experiments/recipe/sources.ts'
import { runTask } from '../../experiments/run/run-task.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import { nameList, runCount, wholeNumber } from '../options/option-parsers.ts'
import { addRunOptions } from '../options/run-options.ts'
import { confirmedOption, noAgentsOption, topologyOption, trackerOption } from '../options/shared-options.ts'

export function registerRun(program: Command): void {
  const command = program
    .command('run')
    .description('run a task from start to report: plan, generate, check, train, evaluate, improve')
    .argument('[task]', 'task folder', bundledTask)
    .addOption(topologyOption('which agents run, and their limits'))
    .addOption(
      new Option(
        '--quick',
        'a few minutes: smaller datasets, nothing to compare with; shows that it works, proves less; a topology of its own: with another, give --rows, --attempts and --arms none',
      )
        .default(false)
        .conflicts(['topology', 'recipe']),
    )
  addRunOptions(command)
    .option('--seed <n>', 'equal seeds give equal datasets', wholeNumber, 1)
    .addOption(
      new Option(
        '--recipe <file>',
        'experiments that a file describes, in place of a task and a topology (docs/recipes.md)',
      ).conflicts(['topology', 'setting', 'teacher', 'scorer', 'student', 'planner', 'budget']),
    )
    .option('--arm <list>', 'arms of the recipe that have each of these choices (default: all arms)', nameList, [])
    .option('--source <name=path>', 'a file or folder that the recipe asks for; once for each', source, {})
    .option('--dry-run', 'say what would be run and what it would take; call and start nothing', false)
    .option(
      '--runs <r>',
      'independent searches with the seeds seed, seed + 1, ...: a report each, and a summary',
      runCount,
    )
    .option('--run-id <id>', 'name of the run, or of the set of runs (default: task and time)')
    .addOption(confirmedOption().conflicts(['recipe', 'runs']))
    .addOption(trackerOption().conflicts('recipe'))
    .addOption(noAgentsOption())
    .option('--json', 'JSON lines instead of text', false)
    .action(runTask)
}
