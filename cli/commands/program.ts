import type { Command } from 'commander'
import { leastCalls } from '../../agents/planner/program/program-faults.ts'
import { checkedProgram, describeProgram } from '../../experiments/checks/check-program.ts'
import { hashOf } from '../../schemas/hash.ts'
import { printableJson } from '../../schemas/printable.ts'
import { readNamedFile } from '../../tasks/files/read-named-file.ts'
import { type LoadOptions, loadTask } from '../../tasks/load.ts'
import { wholeNumber } from '../options/option-parsers.ts'
import { formerOption, scorerOption } from '../options/shared-options.ts'

type Options = LoadOptions & { task?: string; budget?: number; reply?: string; json: boolean }

export function registerProgram(program: Command): void {
  program
    .command('program')
    .description('curation programs')
    .command('check')
    .description('check a program and say what it asks for; no model is called')
    .argument('<file>', 'curation program, JSON or YAML')
    .argument('[task]', 'task folder: checks its skills and seeds against it, and tries its hooks on its first example')
    .addOption(formerOption('--task <dir>', 'the argument [task]'))
    .addOption(scorerOption())
    .option('--budget <calls>', 'teacher calls that it may cost', wholeNumber)
    .option('--reply <file>', "a teacher's reply, for its hooks to be tried on")
    .option('--json', 'JSON instead of text', false)
    .action(
      async (file: string, named: string | undefined, { task: former, budget, reply, json, ...read }: Options) => {
        const folder = former ?? named
        const task = folder ? await loadTask(folder, read) : null
        const text = reply
          ? { reply: await readNamedFile(reply, 'file', 'Name a file that holds the text of one reply.') }
          : {}
        const { program: checked, trials } = await checkedProgram(file, { task, calls: budget, ...text })
        const facts = { program: checked, trials, calls: leastCalls(checked), hash: hashOf(checked) }
        if (json) return console.log(printableJson(facts))
        for (const line of describeProgram(checked, trials)) console.log(line)
      },
    )
}
