import { generateTeacher, localModelOf } from '../../launcher/local-teacher.ts'
import { withOverrides } from '../../launcher/topology/overrides.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { withNamedModel } from '../../launcher/topology/with-model.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { loadTask } from '../../tasks/load.ts'
import { checkedProgram } from '../checks/check-program.ts'
import { generateTopology, plainProgram, scaleProgram } from '../generate/plan.ts'
import { planRun } from '../run/plan-run.ts'
import type { RunOptions } from '../run/run-task.ts'
import { estimateOf } from './of-topology.ts'
import { planHash } from './plan.ts'

/** The options of `run`, or, with `program` or `generate`, of `generate`. */
export type EstimatedCommand = RunOptions & {
  topology: string
  judgeModel?: string
  program?: string
  generate: boolean
  seed: number
}

/**
 * What a command with these options would take. `planOf` gives the hash that names exactly that, for `--confirmed`: it reads all code.
 * @throws UsageError where the command could not be started
 */
export async function estimateOfCommand(folder: string, options: EstimatedCommand) {
  const task = await loadTask(folder, options)
  const read = withOverrides(await readTopology(options.topology), options)
  const { topology, asked } =
    options.program || options.generate ? await rowsAlone(task, read, options) : await wholeRun(task, read, options)
  const estimate = await estimateOf(task, topology, asked)
  const planOf = () => planHash({ task, topology, seed: options.seed, ...asked })
  return { estimate, prices: topology.prices, planOf }
}

async function wholeRun(task: Task, read: Topology, options: EstimatedCommand) {
  const topology = withNamedModel(read, localModelOf(options.teacher, read), options.model)
  const { evidence, setting } = await planRun(task, topology, options)
  return { topology, asked: { rows: options.rows, attempts: options.attempts, evidence, setting } }
}

async function rowsAlone(
  task: Task,
  read: Topology,
  { program: file, rows, judgeModel, budget, ...named }: EstimatedCommand,
) {
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
