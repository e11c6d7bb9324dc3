import { join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { alikeTexts } from '../../agents/kit/dedup/near-duplicates.ts'
import { describeCounts, describeLog, logFacts } from '../../experiments/task-import-log.ts'
import { exitCodes } from '../../launcher/console/exit-codes.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { plural } from '../../schemas/number-text.ts'
import { printableJson } from '../../schemas/printable.ts'
import { maxSeeds } from '../../schemas/task.ts'
import { UsageError } from '../../schemas/user-error.ts'
import type { ItemText } from '../../tasks/importers/item-table.ts'
import { importers, importSeeds, importTask, seedImporters } from '../../tasks/importers/mod.ts'
import { positive, rowCount, whole } from '../options/option-parsers.ts'
import { formerOption } from '../options/shared-options.ts'

type Options = {
  out: string
  seed: number
  audit?: number | string
  seedQuestions?: number
  seeds?: number
  json: boolean
} & Record<string, string | undefined>

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
  ['--generator-seed <n>', 'seed of the sets (reasoning-gym; default 0)', (text) => `${whole(text)}`],
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
    .option('--seed <n>', 'seed of the division', whole, 1)
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
  return Number.isNaN(Number(text)) ? text : whole(text)
}

async function importSource(format: string, source: string, options: Options): Promise<void> {
  const { out, seed, audit = 0, json, seeds: former, seedQuestions: seeds = former, ...rest } = options
  if (seeds !== undefined && seeds > maxSeeds)
    throw new UsageError(`A seed pool holds up to ${maxSeeds} questions.`, 'Lower --seed-questions.')
  const seedImporter = seedImporters.find(({ name }) => name === format)
  if (seedImporter !== undefined) {
    const file = out.endsWith('.json') ? out : join(out, 'seed.json')
    const log = await importSeeds(seedImporter, source, file, seed, seeds ?? maxSeeds)
    if (json) return console.log(printableJson({ log: logFacts(log), file }))
    for (const line of [...describeLog(log), `${log.kept} seed ${plural(log.kept, 'question')}: ${file}`])
      console.log(line)
    return
  }
  const importer = importers.find(({ name }) => name === format)
  if (importer === undefined) {
    const known = [...importers, ...seedImporters].map(({ name }) => name)
    throw new UsageError(`There is no importer named ${format}.`, `Known importers: ${known.join(', ')}.`)
  }
  const plan = {
    seed,
    audit,
    seeds: seeds ?? 0,
    options: rest,
    alike: alikeTexts<ItemText>,
    signal: stopSignal(),
  }
  const result = await importTask(importer, source, out, plan).catch((error) => {
    if (!plan.signal.aborted) throw error
    process.exitCode = exitCodes.interrupted
  })
  if (!result) return console.log('interrupted; nothing was left behind')
  const { log, counts } = result
  if (json) return console.log(printableJson({ log: logFacts(log), counts, out }))
  for (const line of [...describeLog(log), describeCounts(counts), `Task folder: ${out}`]) console.log(line)
}
