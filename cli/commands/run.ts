import { type Command, Option } from 'commander'
import type { Bus } from '../../bus/mod.ts'
import { checkFits, fitPlanner } from '../../experiments/checks/check-context.ts'
import { checkModels } from '../../experiments/checks/check-models.ts'
import { estimateOf } from '../../experiments/estimate/of-topology.ts'
import { estimateLines, startLine } from '../../experiments/estimate/print.ts'
import { runRecipe } from '../../experiments/recipe/run.ts'
import { type Sources, source } from '../../experiments/recipe/sources.ts'
import { planRun } from '../../experiments/run/plan-run.ts'
import { resumeAgain } from '../../experiments/run/resume-run.ts'
import { runSession } from '../../experiments/run/run-session.ts'
import { nameByTime, submitRun } from '../../experiments/run/submit-run.ts'
import { beginMember, membersOf, writeSummary } from '../../experiments/run-set/run-set.ts'
import { createReporter } from '../../launcher/console/reporter.ts'
import { localModelOf, serveLocalModel } from '../../launcher/local-teacher.ts'
import { needsOf } from '../../launcher/served.ts'
import { withOverrides, withoutAgents } from '../../launcher/topology/overrides.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { keepsLimits, quickTopology } from '../../launcher/topology/topology-names.ts'
import { withNamedModel } from '../../launcher/topology/with-model.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import { loadTask } from '../../tasks/load.ts'
import { names, runCount, whole } from '../options/option-parsers.ts'
import { addRunOptions, type RunOptions } from '../options/run-options.ts'
import { noAgentsOption, topologyOption } from '../options/shared-options.ts'

type Options = RunOptions & {
  topology: string
  quick: boolean
  seed: number
  recipe?: string
  arm: string[]
  source: Sources
  dryRun: boolean
  runs?: number
  runId?: string
  agents: boolean
  json: boolean
}

export function registerRun(program: Command): void {
  const command = program
    .command('run')
    .description('run a task from start to report: plan, generate, check, train, evaluate, improve')
    .argument('[task]', 'task folder', bundledTask)
    .addOption(topologyOption('which agents run, and their limits'))
    .addOption(
      new Option(
        '--quick',
        'a few minutes: smaller datasets, nothing to compare with; shows that it works, proves less',
      )
        .default(false)
        .conflicts(['topology', 'recipe']),
    )
  addRunOptions(command)
    .option('--seed <n>', 'equal seeds give equal datasets', whole, 1)
    .addOption(
      new Option(
        '--recipe <file>',
        'experiments that a file describes, in place of a task and a topology (docs/recipes.md)',
      ).conflicts(['topology', 'setting', 'teacher', 'scorer', 'student', 'planner', 'budget']),
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
    .addOption(noAgentsOption())
    .option('--json', 'JSON lines instead of text', false)
    .action(async (folder: string, given: Options) => {
      const options = given.quick ? { ...given, topology: quickTopology } : given
      const reporter = createReporter({ json: options.json })
      checkRecipeOptions(folder, options)
      const { recipe } = options
      if (recipe !== undefined) {
        process.exitCode = await runRecipe({ ...options, recipe, sources: options.source }, reporter)
        return
      }
      // Both are read before anything is started: bad input stops here.
      const task = await loadTask(folder, options)
      const read = withOverrides(await readTopology(options.topology), options)
      const local = localModelOf(options.teacher, read)
      const planned = withNamedModel(read, local, options.model)
      const { evidence, setting } = await planRun(task, planned, options)
      const estimate = await estimateOf(task, planned, { ...options, evidence })
      if (options.dryRun) {
        for (const line of estimateLines(estimate, planned.prices)) reporter.line(line)
        if (options.runs !== undefined) reporter.line(ofEach(options.runs))
        return reporter.json({ type: 'estimate', runs: options.runs ?? 1, ...estimate })
      }
      await using _served = local && (await serveLocalModel(local, planned, reporter))
      const elsewhere = !options.agents
      const contexts = await checkModels(elsewhere ? withoutAgents(planned) : planned)
      const topology = fitPlanner(planned, contexts)
      checkFits(task, topology, contexts)
      const request = { ...options, evidence, setting }
      const keep = keepsLimits(options.topology)
      reporter.line(startLine(estimate))
      const needs = () => needsOf(topology)
      const { inference } = task
      if (options.runs === undefined) {
        const runId = options.runId ?? nameByTime(task)
        const begin = async (bus: Bus, own?: string) => ({
          runId: await submitRun(bus, task, topology, { ...request, runId, own }),
          fromSeq: 1,
        })
        const queue = {
          starts: [begin],
          own: runId,
          elsewhere,
          keep,
          needs,
          inference,
          resumeCommand: resumeAgain(options),
        }
        process.exitCode = await runSession(topology, reporter, queue)
        return
      }
      reporter.line(ofEach(options.runs))
      const set = options.runId ?? nameByTime(task)
      const members = membersOf(set, options.seed, options.runs)
      process.exitCode = await runSession(topology, reporter, {
        starts: members.map(
          (member) => (bus, own) => beginMember(bus, member, { task, topology, request: { ...request, own } }),
        ),
        own: set,
        elsewhere,
        after: (bus) => writeSummary(bus, set, members, reporter),
        keep,
        needs,
        inference,
        resumeCommand: () => `the same command with --run-id ${set}`,
      })
    })
}

const ofEach = (runs: number) => `that is of one run; ${runs} are asked for`

/** @throws UsageError for a task beside a recipe, and for a recipe's options without one */
function checkRecipeOptions(
  folder: string,
  { recipe, arm, source }: { recipe?: string; arm: string[]; source: Sources },
) {
  if (recipe !== undefined && folder !== bundledTask)
    throw new UsageError(`The recipe ${recipe} says its task, and ${folder} is another.`, 'Leave one of them out.')
  if (recipe === undefined && (arm.length > 0 || Object.keys(source).length > 0))
    throw new UsageError('--arm and --source are for a recipe.', 'Name it: --recipe <file>, as in deploy/recipes.')
}
