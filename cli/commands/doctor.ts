import type { Command } from 'commander'
import { type ExamineOptions, examine } from '../../experiments/checks/doctor.ts'
import { modelOption, studentOption, topologyOption } from '../options/shared-options.ts'

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('what is there, what is missing and the command that fixes it; and every limit in force')
    .addOption(topologyOption('whose limits to show'))
    .addOption(studentOption())
    .addOption(modelOption('language model of planner and teacher'))
    .option('--json', 'JSON instead of text', false)
    .action(async (options: ExamineOptions) => {
      process.exitCode = await examine(options)
    })
}
