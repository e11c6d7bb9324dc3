import { type Command, InvalidArgumentError, Option } from 'commander'
import { type ComparisonPlan, checkRunNames, PlannerArm, runsOf } from '../../evidence/report/comparison/plan.ts'
import { checkFits, fitPlanner } from '../../experiments/checks/check-context.ts'
import { checkModels } from '../../experiments/checks/check-models.ts'
import { checkGenerator } from '../../experiments/checks/check-program.ts'
import { checkSeeds } from '../../experiments/checks/check-seeds.ts'
import { keepPlan, printPlan, topologyOfArm, usualArms, writeComparison } from '../../experiments/compare/comparison.ts'
import { estimateOf } from '../../experiments/estimate/of-topology.ts'
import { planEvidence } from '../../experiments/run/evidence.ts'
import { settingOf } from '../../experiments/run/plan-run.ts'
import { runSession } from '../../experiments/run/run-session.ts'
import { beginMember } from '../../experiments/run-set/run-set.ts'
import { createReporter } from '../../launcher/console/reporter.ts'
import { checkNoSession } from '../../launcher/live-session.ts'
import { localModelOf, serveLocalModel } from '../../launcher/local-teacher.ts'
import { needsOf } from '../../launcher/served.ts'
import { type Overrides, withOverrides } from '../../launcher/topology/overrides.ts'
import { keepsLimits, readTopology } from '../../launcher/topology/topology-file.ts'
import { withModel, withNamedModel } from '../../launcher/topology/with-model.ts'
import { hashOf } from '../../schemas/hash.ts'
import { Setting } from '../../schemas/run.ts'
import type { Topology } from '../../schemas/topology.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import { loadTask } from '../../tasks/load.ts'
import { attemptCount, rowCount, runCount, seedCount, whole } from '../options/option-parsers.ts'
import { modelOption, studentOption, teacherOption, topologyOption } from '../options/shared-options.ts'

type Options = Omit<Overrides, 'planner'> & {
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

export function registerCompare(program: Command): void {
  program
    .command('compare')
    .description(
      'was a planner worth it: paired runs of several planners that are given the same, and a report on them',
    )
    .argument('[task]', 'task folder', bundledTask)
    .option('--arms <list>', `planners: ${PlannerArm.options.join(',')} (default: those given equally much)`, planners)
    .option('--runs <r>', 'runs of each planner, paired by their seeds seed, seed + 1, ...', runCount, 6)
    .addOption(topologyOption('which other agents run, their limits, and the options of planners'))
    .addOption(studentOption())
    .option('--budget <calls>', 'teacher calls of each run at most (the topology says)', whole)
    .option('--attempts <n>', 'datasets that each run tries (the topology says)', attemptCount)
    .option('--rows <n>', 'rows of every dataset (the task has a default)', rowCount)
    .option('--seed <n>', 'of the first pair', whole, 1)
    .option('--seeds <k>', "fresh training seeds of each run's chosen dataset (the topology says)", seedCount)
    .addOption(modelOption('language model of planners and teacher'))
    .addOption(teacherOption())
    .addOption(new Option('--setting <name>', "rows from nothing, or on the task's seed pool").choices(Setting.options))
    .option('--name <name>', 'of the comparison; the same name and command go on with it')
    .option('--dry-run', 'tell the plan and what it would take, and start nothing', false)
    .option('--json', 'JSON lines instead of text', false)
    .action(async (folder: string, options: Options) => {
      const reporter = createReporter({ json: options.json })
      const task = await loadTask(folder)
      const read = withOverrides(await readTopology(options.topology), options)
      const local = localModelOf(options.teacher, read)
      const topology = withNamedModel(read, local, options.model)
      checkGenerator(task, topology)
      const setting = settingOf(task, topology, options.setting)
      if (setting === 'seed') checkSeeds(task)
      const { attempts = topology.run.attempts, rows = topology.run.rows ?? task.rows.target } = options
      // What the planners are compared by is the chosen dataset alone.
      const asked = { seeds: options.seeds, arms: [], submissions: false, retention: false, attempts }
      const evidence = planEvidence(task, topology, asked)
      const model = local?.name ?? options.model
      const named = options.arms ?? usualArms(topology)
      const arms = new Map(named.map((arm) => [arm, withModel(topologyOfArm(topology, arm), model)]))
      const plan: ComparisonPlan = {
        name: options.name ?? nameNow(),
        task: task.id,
        taskHash: task.sha256,
        topology: topology.name,
        topologyHash: hashOf([...arms.values()]),
        arms: named,
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
          [...arms].map(
            async ([arm, own]) => [arm, await estimateOf(task, own, { rows, attempts, evidence })] as const,
          ),
        ),
      )
      for (const line of printPlan(plan, estimates)) reporter.line(line)
      if (options.dryRun) return reporter.json({ type: 'plan', plan, perRun: Object.fromEntries(estimates) })
      await checkNoSession('a comparison wants a planner of each arm')
      await using _served = local && (await serveLocalModel(local, topology, reporter))
      for (const [arm, own] of arms) {
        const contexts = await checkModels(own)
        arms.set(arm, fitPlanner(own, contexts))
        checkFits(task, arms.get(arm)!, contexts)
      }
      await keepPlan(plan)
      const [first, ...alsoPlanners] = [...arms.values()] as [Topology, ...Topology[]]
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
        inference: task.inference,
        resumeCommand: () => `the same command with --name ${plan.name}`,
      })
    })
}

/** Planners by name, with commas between them; `llm-` may be left out. */
function planners(text: string): PlannerArm[] {
  const names = text.split(',').map((written) => {
    const name = written.trim()
    const whole = PlannerArm.safeParse(name)
    return whole.success ? whole : PlannerArm.safeParse(`llm-${name}`)
  })
  const arms = names.flatMap(({ data }) => data ?? [])
  if (arms.length < names.length) throw new InvalidArgumentError(`there is ${PlannerArm.options.join(', ')}.`)
  if (new Set(arms).size < 2 || new Set(arms).size < arms.length)
    throw new InvalidArgumentError('two different planners at least, each once.')
  return arms
}

const nameNow = () => `compare-${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}`
