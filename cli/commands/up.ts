import type { Command } from 'commander'
import { up } from '../../experiments/run/up.ts'
import {
  modelOption,
  noAgentsOption,
  plannerOption,
  studentOption,
  teacherOption,
  topologyOption,
} from '../options/shared-options.ts'

export function registerUp(program: Command): void {
  program
    .command('up')
    .description('start the server, the agents and the page, and keep them up until interrupted')
    .addOption(topologyOption('which agents run, and their limits'))
    .addOption(studentOption())
    .addOption(plannerOption())
    .addOption(modelOption())
    .addOption(teacherOption())
    .addOption(noAgentsOption())
    .option('--json', 'JSON lines instead of text', false)
    .action(up)
}
