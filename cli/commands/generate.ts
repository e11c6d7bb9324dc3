import { existsSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { replicaName } from '../../agents/kit/identity.ts'
import type { Identity } from '../../agents/kit/launch.ts'
import { exportFormats } from '../../experiments/export/formats.ts'
import type { GenerateOptions } from '../../experiments/generate/generate.ts'
import { startEarly } from '../../launcher/agent-child.ts'
import { homeFolder } from '../../machine/folders.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import { decimal, integer, rowCount, wholeNumber } from '../options/option-parsers.ts'
import {
  confirmedOption,
  formerOption,
  judgeModelOption,
  modelOption,
  movedOption,
  noAgentsOption,
  provenanceOption,
  scorerOption,
  teacherOption,
  topologyOption,
  trackerOption,
} from '../options/shared-options.ts'

export function registerGenerate(program: Command): void {
  program
    .command('generate')
    .description('make exactly so many admitted rows with a teacher model: generators and critic alone, no training')
    .argument('[task]', 'task folder', bundledTask)
    .addOption(formerOption('--task <dir>', 'the argument [task]'))
    .addOption(scorerOption())
    .option('--program <file>', 'curation program, JSON or YAML (default: a plain prompt for each skill of the task)')
    .requiredOption('--rows <n>', 'admitted rows wanted', rowCount)
    .requiredOption('--out <dir>', 'folder for the rows; the same command goes on with what it holds')
    .addOption(modelOption('the teacher'))
    .addOption(judgeModelOption())
    .addOption(teacherOption())
    .addOption(movedOption())
    .option('--generators <n>', 'generator processes', integer(1, 1000), 1)
    .addOption(
      new Option(
        '--concurrency <n>',
        'calls under way over all generators and the critic (default: teacher.concurrency, else 80 a process)',
      ).argParser(integer(1, 100_000)),
    )
    .addOption(new Option('--budget <calls>', 'teacher calls at most').argParser(wholeNumber))
    .option('--candidate-cap <x>', 'candidates at most, as a multiple of the rows (default 3)', decimal(1, 1000))
    .addOption(new Option('--format <name>', 'layout of the rows').choices([...exportFormats]).default('alpaca'))
    .addOption(provenanceOption())
    .option('--seed <n>', 'equal seeds give equal prompts', wholeNumber, 1)
    .option('--run-id <id>', 'name of the run (default: task and time)')
    .addOption(topologyOption('limits'))
    .option('--preview <n>', 'ask n prompts alone and show them with their replies; no rows are made', integer(1, 100))
    .addOption(confirmedOption())
    .addOption(trackerOption())
    .addOption(noAgentsOption())
    .option('--json', 'JSON lines instead of text', false)
    .action(async (folder: string, options: Omit<GenerateOptions, 'task'> & { task?: string }) => {
      // The agents and the rest of this command load their code side by side. A home is not made for their sake.
      using early =
        existsSync(homeFolder()) && options.preview === undefined && options.agents
          ? startEarly(earlyAgents(options.generators))
          : undefined
      const { generate } = await import('../../experiments/generate/generate.ts')
      process.exitCode = await generate({ ...options, task: options.task ?? folder }, early)
    })
}

/** Those that are the same whatever the program says. */
const earlyAgents = (generators: number): Identity[] => [
  ...Array.from(
    { length: generators },
    (_, index): Identity => ({ role: 'generator', variant: 'llm', instance: replicaName('generator', index) }),
  ),
  { role: 'planner', variant: 'generate', instance: replicaName('planner', 0) },
]
