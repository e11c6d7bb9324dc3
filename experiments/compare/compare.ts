import { type ComparisonPlan, checkRunNames, type PlannerArm, runsOf } from '../../evidence/report/comparison/plan.ts'
import { createReporter } from '../../launcher/console/reporter.ts'
import { checkNoSession } from '../../launcher/live-session.ts'
import { localModelOf, serveLocalModel } from '../../launcher/local-teacher.ts'
import { needsOf } from '../../launcher/served.ts'
import { type Overrides, withOverrides } from '../../launcher/topology/overrides.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { keepsLimits } from '../../launcher/topology/topology-names.ts'
import { withModel, withNamedModel } from '../../launcher/topology/with-model.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { Setting } from '../../schemas/run.ts'
import type { Topology } from '../../schemas/topology.ts'
import { loadTask } from '../../tasks/load.ts'
import { checkFits, fitPlanner } from '../checks/check-context.ts'
import { checkModels } from '../checks/check-models.ts'
import { checkGenerator } from '../checks/check-program.ts'
import { checkSeeds } from '../checks/check-seeds.ts'
import { estimateOf } from '../estimate/of-topology.ts'
import { planEvidence } from '../run/evidence.ts'
import { settingOf } from '../run/plan-run.ts'
import { runSession } from '../run/run-session.ts'
import { beginMember } from '../run-set/run-set.ts'
import {
  equalTrainings,
  keepPlan,
  printComparisonPlan,
  topologyOfArm,
  usualArms,
  writeComparison,
} from './comparison.ts'

export type CompareOptions = Omit<Overrides, 'planner'> & {
  arms?: PlannerArm[]
  runs: number
  topology: string
  attempts?: number
  rows?: number
  seed: number
  seeds?: number
  model?: string
  teacher?: string
  setting?: Setting
  name?: string
  dryRun: boolean
  json: boolean
}

/**
 * Plans a comparison of planners, prints the plan, and makes its runs; the same plan goes on where it was.
 * @throws UsageError for a task, topology or planner that it cannot be made with
 */
export async function compare(folder: string, options: CompareOptions): Promise<void> {
  const reporter = createReporter({ json: options.json })
  const task = await loadTask(folder)
  const read = withOverrides(await readTopology(options.topology), options)
  const local = localModelOf(options.teacher, read)
  const named = withNamedModel(read, local, options.model)
  const topology = equalTrainings(named, options.attempts ?? named.run.attempts)
  checkGenerator(task, topology)
  const setting = settingOf(task, topology, options.setting)
  if (setting === 'seed') checkSeeds(task)
  const { attempts = topology.run.attempts, rows = topology.run.rows ?? task.rows.target } = options
  // What the planners are compared by is the chosen dataset alone.
  const asked = { seeds: options.seeds, arms: [], submissions: false, retention: false, attempts }
  const evidence = planEvidence(task, topology, asked)
  const model = local?.name ?? options.model
  const chosen = options.arms ?? usualArms(topology)
  const arms = new Map(chosen.map((arm) => [arm, withModel(topologyOfArm(topology, arm), model)]))
  const plan: ComparisonPlan = {
    name: options.name ?? nameNow(),
    task: task.id,
    taskHash: task.sha256,
    topology: topology.name,
    topologyHash: hashOf([...arms.values()]),
    arms: chosen,
    pairs: options.runs,
    seed: options.seed,
    attempts,
    rows,
    trainingSeeds: evidence.seeds,
    teacherCalls: topology.run.teacherCalls,
  }
  checkRunNames(plan)
  const estimates = new Map(
    await Promise.all(
      [...arms].map(async ([arm, own]) => [arm, await estimateOf(task, own, { rows, attempts, evidence })] as const),
    ),
  )
  for (const line of printComparisonPlan(plan, estimates)) reporter.line(line)
  if (options.dryRun) return reporter.json({ type: 'plan', plan, perRun: Object.fromEntries(estimates) })
  await checkNoSession('a comparison wants a planner of each arm')
  await using _served = local && (await serveLocalModel(local, topology, reporter))
  for (const [arm, own] of arms) {
    const contexts = await checkModels(own)
    arms.set(arm, fitPlanner(own, contexts))
    checkFits(task, arms.get(arm)!, contexts)
  }
  await keepPlan(plan)
  // Arms that differ by their strategy alone have one planner: how a run searches is in its settings.
  const planners = new Map([...arms.values()].map((own) => [own.agents.planner.variant, own]))
  const [first, ...alsoPlanners] = [...planners.values()] as [Topology, ...Topology[]]
  process.exitCode = await runSession(first, reporter, {
    starts: runsOf(plan).map((run) => (bus, own) => {
      const comparison = { name: plan.name, arm: run.arm, pair: run.pair }
      const request = { ...run, attempts, rows, evidence, setting, comparison, own }
      return beginMember(bus, run, { task, topology: arms.get(run.arm)!, request })
    }),
    after: (bus) => writeComparison(bus, plan, reporter),
    own: plan.name,
    alsoPlanners,
    keep: keepsLimits(options.topology),
    needs: () => needsOf(first),
    ofTask: task,
    resumeCommand: () => `the same command with --name ${plan.name}`,
  })
}

const nameNow = () => `compare-${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}`
