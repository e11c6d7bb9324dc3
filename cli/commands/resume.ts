import { type Command, Option } from 'commander'
import { resumeSession } from '../../experiments/run/resume-session.ts'
import { runId } from '../options/option-parsers.ts'
import {
  movedOption,
  noAgentsOption,
  plannerOption,
  teacherOption,
  topologyOption,
  trackerOption,
} from '../options/shared-options.ts'

export function registerResume(program: Command): void {
  program
    .command('resume')
    .description('go on with a run that was stopped, interrupted or waits after a fault; nothing is trained again')
    .argument('[run]', 'run id; may be left out when only one is unfinished', runId)
    .addOption(topologyOption('which agents run, and their limits'))
    .addOption(plannerOption())
    .addOption(new Option('--model <name>', "language model of planner and teacher (default: the run's)"))
    .addOption(teacherOption())
    .addOption(movedOption())
    .addOption(trackerOption())
    .addOption(noAgentsOption())
    .option('--json', 'JSON lines instead of text', false)
    .action(resumeSession)
}
