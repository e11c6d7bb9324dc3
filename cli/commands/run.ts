import { type Command, Option } from 'commander'
import type { Bus } from '../../bus/mod.ts'
import { BaselineKind } from '../../schemas/arm.ts'
import { Setting } from '../../schemas/run.ts'
import { loadTask } from '../../tasks/load.ts'
import { bundledTask } from '../bundled-task.ts'
import { checkFits } from '../checks/check-context.ts'
import { checkModels } from '../checks/check-models.ts'
import { UsageError } from '../errors.ts'
import { estimateOf } from '../estimate/of-topology.ts'
import { summaryOf, tell } from '../estimate/tell.ts'
import { teacherOption } from '../options/model-options.ts'
import { attemptCount, names, rowCount, runCount, seedCount, whole } from '../options/option-parsers.ts'
import { arms } from '../options/parse-arms.ts'
import { scorerOption } from '../options/scorer-option.ts'
import { createReporter } from '../progress.ts'
import { runRecipe } from '../recipe/run.ts'
import { type Sources, source } from '../recipe/sources.ts'
import { conduct, conductAll } from '../run/conduct.ts'
import { planRun } from '../run/plan-run.ts'
import { nameByTime, submitRun } from '../run/submit-run.ts'
import { beginMember, membersOf } from '../run-set/member.ts'
import { writeSummary } from '../run-set/write.ts'
import { localModelOf, serveLocalModel } from '../session/local-teacher.ts'
import { defaultTopology, keepsLimits, readTopology } from '../topology/topology-file.ts'
import { withNamedModel } from '../topology/with-model.ts'

export function registerRun(program: Command): void {
  program
    .command('run')
    .description('run a task from start to report: plan, generate, criticise, train, evaluate, improve')
    .argument('[task]', 'task folder', bundledTask)
    .option('--topology <file>', 'which agents run, and their limits', defaultTopology)
    .option('--attempts <n>', 'datasets to try (the topology says 3)', attemptCount)
    .option('--rows <n>', 'rows of every dataset (the task has a default)', rowCount)
    .option('--seed <n>', 'equal seeds give equal datasets', whole, 1)
    .addOption(
      new Option('--model <name>', 'language model of planner and teacher, where they ask one').env('TEACHER_MODEL'),
    )
    .option(
      '--seeds <k>',
      'fresh training seeds of the chosen dataset and of each baseline (the topology says)',
      seedCount,
    )
    .option(
      '--arms <list>',
      `baselines to train: ${BaselineKind.options.join(',')}; all; none (the topology says)`,
      arms,
    )
    .option('--submissions', 'every valid attempt of the search sits the test too, after the search')
    .option('--no-submissions', 'only the chosen dataset and its baselines do')
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
    .addOption(
      new Option(
        '--recipe <file>',
        'experiments that a file describes, in place of a task and a topology (docs/recipes.md)',
      ).conflicts(['topology', 'setting', 'teacher', 'scorer']),
    )
    .option('--arm <list>', 'arms of the recipe that have each of these choices (default: all arms)', names, [])
    .option('--source <name=path>', 'a file or folder that the recipe asks for; once for each', source, {})
    .option('--dry-run', 'say what would be run and what it would take; call and start nothing', false)
    .option(
      '--runs <r>',
      'independent searches with the seeds seed, seed + 1, ...: a report each, and a summary',
      runCount,
    )
    .option('--run-id <id>', 'name of the run, or of the set of runs (default: task and time)')
    .addOption(scorerOption())
    .option('--json', 'JSON lines instead of text', false)
    .action(async (folder: string, options) => {
      const reporter = createReporter({ json: options.json })
      checkRecipeOptions(folder, options)
      if (options.recipe !== undefined) {
        process.exitCode = await runRecipe({ ...options, sources: options.source }, reporter)
        return
      }
      // Both are read before anything is started: bad input stops here.
      const task = await loadTask(folder, options)
      const read = await readTopology(options.topology)
      const local = localModelOf(options.teacher, read)
      const topology = withNamedModel(read, local, options.model)
      const { evidence, setting } = await planRun(task, topology, options)
      const estimate = await estimateOf(task, topology, { ...options, evidence })
      if (options.dryRun) {
        for (const line of tell(estimate, topology.prices)) reporter.line(line)
        return reporter.json({ type: 'estimate', ...estimate })
      }
      await using _served = local && (await serveLocalModel(local, topology, reporter))
      checkFits(task, topology, await checkModels(topology))
      const request = { ...options, evidence, setting }
      const keep = keepsLimits(options.topology)
      reporter.line(summaryOf(estimate))
      if (options.runs === undefined) {
        const begin = async (bus: Bus) => ({ runId: await submitRun(bus, task, topology, request), fromSeq: 1 })
        process.exitCode = await conduct(topology, reporter, begin, keep)
        return
      }
      const set: string = options.runId ?? nameByTime(task)
      const members = membersOf(set, options.seed, options.runs)
      process.exitCode = await conductAll(topology, reporter, {
        begins: members.map((member) => (bus) => beginMember(bus, member, { task, topology, request })),
        after: (bus) => writeSummary(bus, set, members, reporter),
        keep,
      })
    })
}

/** Errors: UsageError for a task beside a recipe, and for a recipe's options without one. */
function checkRecipeOptions(
  folder: string,
  { recipe, arm, source }: { recipe?: string; arm: string[]; source: Sources },
) {
  if (recipe !== undefined && folder !== bundledTask)
    throw new UsageError(`The recipe ${recipe} says its task, and ${folder} is another.`, 'Leave one of them out.')
  if (recipe === undefined && (arm.length > 0 || Object.keys(source).length > 0))
    throw new UsageError('--arm and --source are for a recipe.', 'Name it: --recipe <file>, as in deploy/recipes.')
}
