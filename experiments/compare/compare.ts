import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ArmName,
  type ComparedRun,
  type ComparisonPlan,
  checkRunNames,
  runsOf,
} from '../../evidence/report/comparison/plan.ts'
import { exitCodes } from '../../launcher/console/exit-codes.ts'
import { createReporter, type Reporter } from '../../launcher/console/reporter.ts'
import { checkNoSession } from '../../launcher/live-session.ts'
import { localModelOf, serveLocalModel } from '../../launcher/local-teacher.ts'
import { needsOf } from '../../launcher/served.ts'
import { withOverrides } from '../../launcher/topology/overrides.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { keepsLimits } from '../../launcher/topology/topology-names.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { runsFolder } from '../../machine/folders.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { loadTask } from '../../tasks/load.ts'
import { checkFits, fitPlanner } from '../checks/check-context.ts'
import { checkModels } from '../checks/check-models.ts'
import { checkGenerator } from '../checks/check-program.ts'
import { checkSeeds } from '../checks/check-seeds.ts'
import { estimateOf } from '../estimate/of-topology.ts'
import { planEvidence } from '../run/evidence.ts'
import { settingOf } from '../run/plan-run.ts'
import { runSession, type StartRun } from '../run/run-session.ts'
import { beginMember } from '../run-set/run-set.ts'
import { type ComparedArm, plannerArms, variedArms } from './arms.ts'
import { equalTrainings, keepPlan, printComparisonPlan, writeComparison } from './comparison.ts'
import type { CompareOptions } from './options.ts'

/**
 * Plans a comparison of arms, prints the plan, and makes its runs; the same plan goes on where it was.
 * @throws UsageError for a task, topology, planner or setting that it cannot be made with
 */
export async function compare(folder: string, options: CompareOptions): Promise<void> {
  const { vary } = options
  if (vary && options.arms)
    throw new UsageError('--arms and --vary both say what the arms are.', 'Give one: --vary planner=rules,random.')
  const reporter = createReporter({ json: options.json })
  const task = await loadTask(folder)
  const base = withOverrides(await readTopology(options.topology), options)
  const local = localModelOf(options.teacher, base)
  const named = vary ? await variedArms(base, local, { ...options, vary }) : plannerArms(base, local, options)
  const arms = new Map([...named].map(([name, arm]) => [name, asked(task, arm, options)]))
  const [first] = [...arms.values()] as [Asked]
  const changes = [...arms].flatMap(([name, arm]) => (arm.changes ? [[name, arm.changes] as const] : []))
  const plan: ComparisonPlan = {
    name: options.name ?? nameNow(),
    task: task.id,
    taskHash: task.sha256,
    topology: base.name,
    ...(vary && { varied: Object.fromEntries(changes) }),
    topologyHash: hashOf([...arms.values()].map(({ topology }) => topology)),
    arms: [...arms.keys()],
    pairs: options.runs,
    seed: options.seed,
    attempts: first.attempts,
    rows: first.rows,
    trainingSeeds: first.evidence.seeds,
    teacherCalls: first.topology.run.teacherCalls,
  }
  checkRunNames(plan)
  const estimates = new Map(
    await Promise.all(
      [...arms].map(async ([name, { topology, ...of }]) => [name, await estimateOf(task, topology, of)] as const),
    ),
  )
  for (const line of printComparisonPlan(plan, estimates)) reporter.line(line)
  if (options.dryRun) return reporter.json({ type: 'plan', plan, perRun: Object.fromEntries(estimates) })
  await checkNoSession(vary ? 'each arm wants agents of its own' : 'a comparison wants a planner of each arm')
  await using _served = local && (await serveLocalModel(local, base, reporter))
  for (const arm of arms.values()) {
    const contexts = await checkModels(arm.topology)
    arm.topology = fitPlanner(arm.topology, contexts)
    checkFits(task, arm.topology, contexts)
  }
  await keepPlan(plan)
  process.exitCode = await (vary ? runApart : runTogether)({ plan, arms, task, reporter, options })
}

/** An arm with what each of its runs is asked for. */
type Asked = ComparedArm & ReturnType<typeof askedOf>

function asked(task: Task, arm: ComparedArm, options: CompareOptions): Asked {
  const topology = equalTrainings(arm.topology, options.attempts ?? arm.topology.run.attempts)
  checkGenerator(task, topology)
  return { ...arm, topology, ...askedOf(task, topology, options) }
}

function askedOf(task: Task, topology: Topology, options: CompareOptions) {
  const setting = settingOf(task, topology, options.setting)
  if (setting === 'seed') checkSeeds(task)
  const { attempts = topology.run.attempts, rows = topology.run.rows ?? task.rows.target, seeds } = options
  // What the arms are compared by is the chosen dataset alone.
  const evidence = planEvidence(task, topology, { seeds, arms: [], submissions: false, retention: false, attempts })
  return { setting, attempts, rows, evidence }
}

type Running = {
  plan: ComparisonPlan
  arms: ReadonlyMap<ArmName, Asked>
  task: Task
  reporter: Reporter
  options: CompareOptions
}

const startOf =
  ({ plan, arms, task }: Running, run: ComparedRun): StartRun =>
  (bus, own) => {
    const { topology, attempts, rows, evidence, setting } = arms.get(run.arm)!
    const comparison = { name: plan.name, arm: run.arm, pair: run.pair }
    const request = { ...run, attempts, rows, evidence, setting, comparison, own }
    return beginMember(bus, run, { task, topology, request })
  }

const shared = ({ plan, task, options }: Running) => ({
  keep: keepsLimits(options.topology),
  ofTask: task,
  resumeCommand: () => `the same command with --name ${plan.name}`,
})

/** All runs in one session, which has the planners of all arms. */
function runTogether(running: Running): Promise<number> {
  const { plan, arms, reporter } = running
  // Arms that differ by their strategy alone have one planner: how a run searches is in its settings.
  const planners = new Map([...arms.values()].map(({ topology }) => [topology.agents.planner.variant, topology]))
  const [first, ...alsoPlanners] = [...planners.values()] as [Topology, ...Topology[]]
  return runSession(first, reporter, {
    ...shared(running),
    starts: runsOf(plan).map((run) => startOf(running, run)),
    after: (bus) => writeComparison(bus, plan, reporter),
    own: plan.name,
    alsoPlanners,
    needs: () => needsOf(first),
  })
}

/** Each run in a session of its own, which has the agents of its arm; runs whose report is there are done. */
async function runApart(running: Running): Promise<number> {
  const { plan, arms, reporter } = running
  let code: number = exitCodes.ok
  for (const run of runsOf(plan)) {
    if (existsSync(join(runsFolder(), run.runId, 'report.json'))) continue
    const { topology } = arms.get(run.arm)!
    const ended = await runSession(topology, reporter, {
      ...shared(running),
      starts: [startOf(running, run)],
      own: run.runId,
      needs: () => needsOf(topology),
    })
    if (ended !== exitCodes.ok && ended !== exitCodes.noResult) return ended
    code = Math.max(code, ended)
  }
  await withBus((bus) => writeComparison(bus, plan, reporter), { line: reporter.line })
  return code
}

const nameNow = () => `compare-${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}`
