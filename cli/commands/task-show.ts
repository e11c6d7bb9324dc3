import type { Command } from 'commander'
import { printableJson } from '../../schemas/printable.ts'
import { describeTask, taskFacts } from '../../tasks/describe-task.ts'
import { type LoadOptions, readTask } from '../../tasks/load.ts'
import { scorerOption } from '../options/shared-options.ts'

export function registerTaskShow(task: Command): void {
  task
    .command('show')
    .description('say what a task folder is: counts, scorer, recipe and hashes, and no text of its tests')
    .argument('<dir>', 'task folder')
    .addOption(scorerOption())
    .option('--json', 'JSON instead of text', false)
    .action(async (dir: string, { json, ...options }: LoadOptions & { json: boolean }) => {
      const task = await readTask(dir, options)
      if (json) return console.log(printableJson(taskFacts(task)))
      for (const line of describeTask(task)) console.log(line)
    })
}
