import type { Command } from 'commander'
import { checkTask } from '../../experiments/checks/task/check-task.ts'
import { describeFinding } from '../../experiments/checks/task/finding.ts'
import { exitCodes } from '../../launcher/console/exit-codes.ts'
import { plural } from '../../schemas/number-text.ts'
import { printableJson } from '../../schemas/printable.ts'
import { type LoadOptions, readTask } from '../../tasks/load.ts'
import { scorerOption } from '../options/shared-options.ts'

export function registerTaskCheck(task: Command): void {
  task
    .command('check')
    .description(
      'check a task folder: scoring, disjoint splits, hashes, examples, sample submission (exit code 0 or 2)',
    )
    .argument('<dir>', 'task folder')
    .addOption(scorerOption())
    .option('--json', 'JSON instead of text', false)
    .action(async (dir: string, { json, ...options }: LoadOptions & { json: boolean }) => {
      const findings = await checkTask(await readTask(dir, options))
      const failed = findings.filter(({ problems }) => problems.length > 0).length
      if (json) console.log(printableJson({ dir, failed, findings }))
      else for (const line of findings.flatMap(describeFinding)) console.log(line)
      const noted = findings.flatMap(({ notes }) => notes).length
      const fixes =
        failed === 0 ? 'nothing to fix' : `${failed} of ${findings.length} ${plural(findings.length, 'check')} failed`
      if (!json) console.log(`${dir}: ${fixes}${noted === 0 ? '' : `, ${noted} to look at (note)`}`)
      if (failed > 0) process.exitCode = exitCodes.badInput
    })
}
