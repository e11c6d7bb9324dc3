import type { Command } from 'commander'
import { checkedProgram } from '../../experiments/checks/check-program.ts'
import { estimateOf } from '../../experiments/estimate/of-topology.ts'
import { planHash } from '../../experiments/estimate/plan.ts'
import { estimateLines } from '../../experiments/estimate/print.ts'
import { generateTopology, plainProgram, scaleProgram } from '../../experiments/generate/plan.ts'
import { planRun } from '../../experiments/run/plan-run.ts'
import type { RunOptions } from '../../experiments/run/run-task.ts'
import { exitCodes } from '../../launcher/console/exit-codes.ts'
import { generateTeacher, localModelOf } from '../../launcher/local-teacher.ts'
import { withOverrides } from '../../launcher/topology/overrides.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { withNamedModel } from '../../launcher/topology/with-model.ts'
import { printableJson } from '../../schemas/printable.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import { loadTask } from '../../tasks/load.ts'
import { wholeNumber } from '../options/option-parsers.ts'
import { addRunOptions } from '../options/run-options.ts'
import { judgeModelOption, topologyOption } from '../options/shared-options.ts'

type Options = RunOptions & {
  topology: string
  judgeModel?: string
  program?: string
  generate: boolean
  seed: number
  json: boolean
}

export function registerEstimate(program: Command): void {
  const command = program
    .command('estimate')
    .description(
      'calls, tokens, money and hours that "run" (or, with --program, "generate") would take; exit code 2 beyond a limit',
    )
    .argument('[task]', 'task folder', bundledTask)
    .addOption(topologyOption('which agents run, their limits and prices'))
  addRunOptions(command)
    .addOption(judgeModelOption())
    .option('--program <file>', 'the curation program of "generate": rows alone, no training')
    .option('--generate', 'of "generate" without a program: rows alone, no training', false)
    .option('--seed <n>', 'as of "run", so that its command can be estimated', wholeNumber, 1)
    .option(
      '--json',
      'JSON instead of text; its "plan" names exactly this for --confirmed of "run" and "generate"',
      false,
    )
    .action(async (folder: string, options: Options) => {
      const task = await loadTask(folder, options)
      const read = withOverrides(await readTopology(options.topology), options)
      const { topology, asked } =
        options.program || options.generate ? await rowsAlone(task, read, options) : await wholeRun(task, read, options)
      const estimate = await estimateOf(task, topology, asked)
      const plan = { task, topology, seed: options.seed, ...asked }
      if (options.json) console.log(printableJson({ ...estimate, plan: planHash(plan) }))
      else for (const line of estimateLines(estimate, topology.prices)) console.log(line)
      if (estimate.beyond.length > 0) process.exitCode = exitCodes.badInput
    })
}

async function wholeRun(task: Task, read: Topology, options: Options) {
  const topology = withNamedModel(read, localModelOf(options.teacher, read), options.model)
  const { evidence, setting } = await planRun(task, topology, options)
  return { topology, asked: { rows: options.rows, attempts: options.attempts, evidence, setting } }
}

async function rowsAlone(task: Task, read: Topology, { program: file, rows, judgeModel, budget, ...named }: Options) {
  const { topology, ...teacher } = generateTeacher(read, named)
  const all = rows ?? task.rows.target
  const written = file === undefined ? plainProgram(task, all) : (await checkedProgram(file, { task })).program
  const wanted = rows ?? written.sources.reduce((sum, source) => sum + source.rows, 0)
  const program = scaleProgram(written, wanted)
  return {
    topology: generateTopology(topology, program, { rows: wanted, generators: 1, judgeModel, budget, ...teacher }),
    asked: { rows: wanted, evidence: null, program },
  }
}
