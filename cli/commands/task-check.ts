import type { Command } from 'commander'
import { checkTask } from '../../experiments/checks/task/check-task.ts'
import type { Finding } from '../../experiments/checks/task/finding.ts'
import { exitCodes } from '../../launcher/console/exit-codes.ts'
import { printableJson } from '../../schemas/printable.ts'
import { type LoadOptions, readTask } from '../../tasks/load.ts'
import { scorerOption } from '../options/shared-options.ts'

/** Lines shown of each list; the count is always whole. */
const maxShown = 20

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
      else for (const line of findings.flatMap(describe)) console.log(line)
      if (!json)
        console.log(failed === 0 ? `${dir}: nothing to fix` : `${dir}: ${failed} of ${findings.length} checks failed`)
      if (failed > 0) process.exitCode = exitCodes.badInput
    })
}

function describe({ name, detail, problems, notes }: Finding): string[] {
  const head = `${problems.length === 0 ? 'ok    ' : 'FAILED'}  ${name.padEnd(40)}  ${detail}`
  return [head, ...listed(problems), ...listed(notes.map((note) => `note: ${note}`))]
}

function listed(lines: string[]): string[] {
  const shown = lines.slice(0, maxShown).map((line) => `          ${line}`)
  return lines.length > maxShown ? [...shown, `          and ${lines.length - maxShown} more`] : shown
}
