import type { Bus } from '../../bus/mod.ts'
import { createReporter } from '../../launcher/console/reporter.ts'
import { localModelOf, serveLocalModel } from '../../launcher/local-teacher.ts'
import { needsOf } from '../../launcher/served.ts'
import { type Overrides, withOverrides, withoutAgents } from '../../launcher/topology/overrides.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { keepsLimits, quickTopology } from '../../launcher/topology/topology-names.ts'
import { withNamedModel } from '../../launcher/topology/with-model.ts'
import type { Setting } from '../../schemas/run.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import { type LoadOptions, loadTask } from '../../tasks/load.ts'
import { checkTrackers, type TrackerName } from '../../trackers/mod.ts'
import { checkFits, fitPlanner } from '../checks/check-context.ts'
import { checkModels } from '../checks/check-models.ts'
import { estimateOf } from '../estimate/of-topology.ts'
import { checkPlan } from '../estimate/plan.ts'
import { estimateLines, startLine } from '../estimate/print.ts'
import { runRecipe } from '../recipe/run.ts'
import type { Sources } from '../recipe/sources.ts'
import { beginMember, membersOf, writeSummary } from '../run-set/run-set.ts'
import { resumeAgain } from './command-again.ts'
import type { EvidenceRequest } from './evidence.ts'
import { planRun } from './plan-run.ts'
import { runSession } from './run-session.ts'
import { nameByTime, submitRun } from './submit-run.ts'

/** What fixes what a run does and measures; what is left out is the topology's and the task's. */
export type RunOptions = EvidenceRequest &
  LoadOptions &
  Overrides & { rows?: number; model?: string; teacher?: string; setting?: Setting }

type TaskRunOptions = RunOptions & {
  topology: string
  quick: boolean
  seed: number
  recipe?: string
  arm: string[]
  source: Sources
  dryRun: boolean
  /** The hash of what was confirmed: anything else is refused. */
  confirmed?: string
  tracker?: TrackerName[]
  runs?: number
  runId?: string
  agents: boolean
  json: boolean
}

/**
 * Runs a task from start to report, once or as a set of runs, or the experiments of a recipe.
 * @throws UsageError for a task, topology, recipe or model that nothing can be started with
 */
export async function runTask(folder: string, given: TaskRunOptions): Promise<void> {
  const options = given.quick ? { ...given, topology: quickTopology } : given
  const reporter = createReporter({ json: options.json })
  checkRecipeOptions(folder, options)
  const { recipe } = options
  if (recipe !== undefined) {
    process.exitCode = await runRecipe({ ...options, recipe, sources: options.source }, reporter)
    return
  }
  checkTrackers(options.tracker ?? [])
  // Both are read before anything is started: bad input stops here.
  const task = await loadTask(folder, options)
  const read = withOverrides(await readTopology(options.topology), options)
  const local = localModelOf(options.teacher, read)
  const planned = withNamedModel(read, local, options.model)
  const { evidence, setting } = await planRun(task, planned, options)
  const { confirmed, seed, rows, attempts } = options
  checkPlan(confirmed, { task, topology: planned, seed, rows, attempts, evidence, setting })
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
  reporter.line(startLine(estimate))
  const keep = keepsLimits(options.topology)
  const trackers = options.tracker ?? []
  const session = { elsewhere, keep, needs: () => needsOf(topology), ofTask: task, trackers }
  if (options.runs === undefined) {
    const runId = options.runId ?? nameByTime(task)
    const begin = async (bus: Bus, own?: string) => ({
      runId: await submitRun(bus, task, topology, { ...request, runId, own }),
      fromSeq: 1,
    })
    const queue = { ...session, starts: [begin], own: runId, resumeCommand: resumeAgain(options) }
    process.exitCode = await runSession(topology, reporter, queue)
    return
  }
  reporter.line(ofEach(options.runs))
  const set = options.runId ?? nameByTime(task)
  const members = membersOf(set, options.seed, options.runs)
  process.exitCode = await runSession(topology, reporter, {
    ...session,
    starts: members.map(
      (member) => (bus, own) => beginMember(bus, member, { task, topology, request: { ...request, own } }),
    ),
    own: set,
    after: (bus) => writeSummary(bus, set, members, reporter),
    resumeCommand: () => `the same command with --run-id ${set}`,
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
