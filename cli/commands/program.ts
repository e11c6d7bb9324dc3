import type { Command } from 'commander'
import type { HookTrial } from '../../agents/planner/program/hook-faults.ts'
import { leastCalls } from '../../agents/planner/program/program-faults.ts'
import { checkedProgram } from '../../experiments/checks/check-program.ts'
import { hashOf } from '../../schemas/hash.ts'
import { plural } from '../../schemas/number-text.ts'
import { printableJson } from '../../schemas/printable.ts'
import type { Program, Source } from '../../schemas/program.ts'
import { readNamedFile } from '../../tasks/files/read-named-file.ts'
import { type LoadOptions, loadTask } from '../../tasks/load.ts'
import { whole } from '../options/option-parsers.ts'
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
    .option('--budget <calls>', 'teacher calls that it may cost', whole)
    .option('--reply <file>', "a teacher's reply, for its hooks to be tried on")
    .option('--json', 'JSON instead of text', false)
    .action(
      async (file: string, named: string | undefined, { task: former, budget, reply, json, ...read }: Options) => {
        const folder = former ?? named
        const task = folder ? await loadTask(folder, read) : null
        const text = reply ? { reply: await readReplyFile(reply) } : {}
        const { program: checked, trials } = await checkedProgram(file, { task, calls: budget, ...text })
        if (json)
          return console.log(
            printableJson({ program: checked, trials, calls: leastCalls(checked), hash: hashOf(checked) }),
          )
        for (const line of describe(checked, trials)) console.log(line)
      },
    )
}

async function readReplyFile(path: string): Promise<string> {
  return readNamedFile(path, 'file', 'Name a file that holds the text of one reply.')
}

function describe(program: Program, trials: readonly HookTrial[]): string[] {
  const { sources, verification, judge, carryOver } = program
  const rows = sources.reduce((sum, source) => sum + source.rows, 0)
  const carried = Object.values(carryOver?.rows ?? {}).reduce((sum, count) => sum + count, 0)
  const calls = leastCalls(program)
  return [
    `The program holds: ${rows} ${plural(rows, 'row')} from ${sources.length} ${plural(sources.length, 'source')}${carried > 0 ? `, and ${carried} carried over` : ''}.`,
    ...sources.map(
      (source) => `  ${source.id}: ${source.rows} ${plural(source.rows, 'row')} of ${source.skill}, ${manner(source)}`,
    ),
    `verification: ${typeof verification === 'string' ? verification : `a vote of ${verification.k}`}`,
    ...(judge ? [`judge: rows of at least ${judge.minScore} of 5`] : []),
    ...trials.map(({ source, outcome }) => `hooks of ${source}: ${outcome}`),
    ...(calls > 0 ? [`teacher calls if every reply is admitted: ${calls}`] : []),
    `program hash: ${hashOf(program)}`,
  ]
}

function manner(source: Source): string {
  if (source.kind === 'procedure') return `${source.phrasings} phrasings`
  const parameters = Object.keys(source.parameters)
  return `prompted (${source.mode}${parameters.length > 0 ? `; parameters ${parameters.join(', ')}` : ''})`
}
