import { type Command, InvalidArgumentError } from 'commander'
import { importSource } from '../../experiments/import-source.ts'
import { maxSeeds } from '../../schemas/task.ts'
import { importers, seedImporters } from '../../tasks/importers/mod.ts'
import { positive, rowCount, wholeNumber } from '../options/option-parsers.ts'
import { formerOption } from '../options/shared-options.ts'

/** Options that only the importers of files with named columns, or of made sets, read. */
const extra: [string, string, ((text: string) => string)?][] = [
  ['--question <column>', 'column of the question (jsonl, csv, parquet)'],
  ['--answer <column>', 'column of the answer (jsonl, csv, parquet)'],
  ['--skill <column>', 'column to stratify by (jsonl, csv, parquet)'],
  ['--group <column>', 'column whose equal values stay in one split (jsonl, csv, parquet)'],
  ['--id <column>', 'column of the id (jsonl, csv, parquet)'],
  ['--scorer <name>', 'scorer of the task (jsonl, csv, parquet; default exact)'],
  ['--instruction <text>', 'what every row asks for (jsonl, csv, parquet)'],
  ['--size <n>', 'items of each set (reasoning-gym; default 200)', (text) => `${rowCount(text)}`],
  ['--generator-seed <n>', 'seed of the sets (reasoning-gym; default 0)', (text) => `${wholeNumber(text)}`],
  ['--python <path>', 'a Python that has reasoning-gym (reasoning-gym)'],
]

export function registerTaskImport(task: Command): void {
  const names = [...importers, ...seedImporters].map(({ name, source }) => `  ${name}: ${source}`)
  const command = task
    .command('import')
    .description(
      'turn your copy of a published set into a task folder (sciinstruct, taco, livecodebench-code: into a seed file)',
    )
    .argument('<format>', `one of ${[...importers, ...seedImporters].map(({ name }) => name).join(', ')}`)
    .argument('<source>', 'your copy')
    .requiredOption('--out <dir>', 'the new folder')
    .option('--seed <n>', 'seed of the division', wholeNumber, 1)
    .option('--audit <n|file>', 'items set aside for after the search, or a file of them', countOrFile)
    .option('--seed-questions <n>', `questions set aside without answers, up to ${maxSeeds}`, positive)
    .addOption(formerOption('--seeds <n>', '--seed-questions').argParser(positive))
    .option('--json', 'JSON instead of text', false)
    .addHelpText('after', `\nSources:\n${names.join('\n')}`)
  for (const [flags, what, parse] of extra) {
    if (parse) command.option(flags, what, parse)
    else command.option(flags, what)
  }
  command.action(importSource)
}

function countOrFile(text: string): number | string {
  if (text === '') throw new InvalidArgumentError('a number of items or a file is wanted.')
  // What reads as a number is meant as one: a file of that name is ./-3.
  return Number.isNaN(Number(text)) ? text : wholeNumber(text)
}
