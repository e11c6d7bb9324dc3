import type { Command } from 'commander'
import { type EstimatedCommand, estimateOfCommand } from '../../experiments/estimate/of-command.ts'
import { estimateLines } from '../../experiments/estimate/print.ts'
import { exitCodes } from '../../launcher/console/exit-codes.ts'
import { printableJson } from '../../schemas/printable.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import { wholeNumber } from '../options/option-parsers.ts'
import { addRunOptions } from '../options/run-options.ts'
import { judgeModelOption, topologyOption } from '../options/shared-options.ts'

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
    .action(async (folder: string, options: EstimatedCommand & { json: boolean }) => {
      const { estimate, planOf, prices } = await estimateOfCommand(folder, options)
      if (options.json) console.log(printableJson({ ...estimate, plan: planOf() }))
      else for (const line of estimateLines(estimate, prices)) console.log(line)
      if (estimate.beyond.length > 0) process.exitCode = exitCodes.badInput
    })
}
