import { type Command, Option } from 'commander'
import { BaselineKind } from '../../schemas/arm.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { type LoadOptions, loadTask } from '../../tasks/load.ts'
import { bundledTask } from '../bundled-task.ts'
import { checkGenerator } from '../checks/check-generator.ts'
import { checkedProgram } from '../checks/check-program.ts'
import { estimateOf } from '../estimate/of-topology.ts'
import { tell } from '../estimate/tell.ts'
import { generateTopology, scaleProgram } from '../generate/plan.ts'
import { judgeModelOption, teacherOption } from '../options/model-options.ts'
import { attemptCount, rowCount, seedCount } from '../options/option-parsers.ts'
import { arms } from '../options/parse-arms.ts'
import { scorerOption } from '../options/scorer-option.ts'
import { type EvidenceRequest, planEvidence } from '../run/evidence.ts'
import { generateTeacher, localModelOf } from '../session/local-teacher.ts'
import { defaultTopology, readTopology } from '../topology/topology-file.ts'
import { withNamedModel } from '../topology/with-model.ts'

type Options = EvidenceRequest &
  LoadOptions & {
    topology: string
    attempts?: number
    rows?: number
    model?: string
    teacher?: string
    judgeModel?: string
    program?: string
    json: boolean
  }

export function registerEstimate(program: Command): void {
  program
    .command('estimate')
    .description(
      'calls, tokens, money and hours that "run" (or, with --program, "generate") would take; nothing is called',
    )
    .argument('[task]', 'task folder', bundledTask)
    .addOption(scorerOption())
    .option('--topology <file>', 'which agents run, their limits and prices', defaultTopology)
    .option('--attempts <n>', 'datasets to try (the topology says 3)', attemptCount)
    .option('--rows <n>', 'rows of every dataset (the task has a default)', rowCount)
    .addOption(new Option('--model <name>', 'language model of planner and teacher').env('TEACHER_MODEL'))
    .addOption(teacherOption())
    .option('--seeds <k>', 'training seeds of the chosen dataset and of each baseline (the topology says)', seedCount)
    .option(
      '--arms <list>',
      `baselines to train: ${BaselineKind.options.join(',')}; all; none (the topology says)`,
      arms,
    )
    .addOption(judgeModelOption())
    .option('--program <file>', 'the curation program of "generate": rows alone, no training')
    .option('--json', 'JSON instead of text', false)
    .action(async (folder: string, options: Options) => {
      const task = await loadTask(folder, options)
      const read = await readTopology(options.topology)
      const { topology, asked } = options.program ? await rowsAlone(task, read, options) : wholeRun(read)
      const estimate = await estimateOf(task, topology, asked)
      if (options.json) return console.log(JSON.stringify(estimate))
      for (const line of tell(estimate, topology.prices)) console.log(line)

      function wholeRun(read: Topology) {
        const local = localModelOf(options.teacher, read)
        const topology = withNamedModel(read, local, options.model)
        checkGenerator(task, topology)
        const evidence = planEvidence(task, topology, options)
        return { topology, asked: { rows: options.rows, attempts: options.attempts, evidence } }
      }
    })
}

async function rowsAlone(task: Task, read: Topology, { program: file, rows, judgeModel, ...named }: Options) {
  const { topology, ...teacher } = generateTeacher(read, named)
  const { program: written } = await checkedProgram(file!, { task })
  const all = rows ?? written.sources.reduce((sum, source) => sum + source.rows, 0)
  const program = scaleProgram(written, all)
  return {
    topology: generateTopology(topology, program, { rows: all, generators: 1, judgeModel, ...teacher }),
    asked: { rows: all, evidence: null, program },
  }
}
