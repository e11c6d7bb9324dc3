import type { Command } from 'commander'
import { alikeTexts } from '../../agents/kit/dedup/near-duplicates.ts'
import { describeCounts, describeLog, logFacts } from '../../experiments/task-import-log.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { hasGpu } from '../../provision/mod.ts'
import { printableJson } from '../../schemas/printable.ts'
import { importTask } from '../../tasks/importers/import-task.ts'
import type { ItemText } from '../../tasks/importers/item-table.ts'
import { importers } from '../../tasks/importers/list.ts'
import { starterImporter } from '../../tasks/importers/starter.ts'
import { paperSizes, processorSizes } from '../../tasks/importers/task-yaml.ts'
import { whole } from '../options/option-parsers.ts'
import { formerOption } from '../options/shared-options.ts'

type Options = {
  from?: string
  seed: number
  audit: number
  seedQuestions: number
  seeds?: number
  json: boolean
} & Record<string, string | undefined>

/** Options that are read with `--from` alone. */
const columns: [string, string][] = [
  ['--question <column>', 'column of the question'],
  ['--answer <column>', 'column of the answer'],
  ['--skill <column>', 'column to stratify by'],
  ['--group <column>', 'column whose equal values stay in one split'],
  ['--id <column>', 'column of the id'],
  ['--scorer <name>', 'scorer of the task (default exact)'],
  ['--title <text>', 'title of the task'],
  ['--instruction <text>', 'what every row asks for'],
]

export function registerTaskInit(task: Command): void {
  const command = task
    .command('init')
    .description('begin a task folder: a commented task.yaml, splits, examples and a sample submission')
    .argument('<dir>', 'the new folder')
    .option(
      '--from <file>',
      'your questions and answers: JSON Lines, a JSON array, CSV or Parquet (default: a few sums)',
    )
    .option('--seed <n>', 'seed of the division', whole, 1)
    .option('--audit <n>', 'items set aside for after the search', whole, 0)
    .option('--seed-questions <n>', 'questions set aside without answers', whole, 0)
    .addOption(formerOption('--seeds <n>', '--seed-questions').argParser(whole))
    .option('--json', 'JSON instead of text', false)
  for (const [flags, what] of columns) command.option(flags, `${what} (with --from)`)
  command.action(
    async (dir: string, { from, seed, audit, seeds: former, seedQuestions, json, ...options }: Options) => {
      const importer = from === undefined ? starterImporter : importers.find(({ name }) => name === 'jsonl')!
      const sizes = (await hasGpu(process.env)) ? paperSizes : processorSizes
      const plan = {
        seed,
        audit,
        seeds: former ?? seedQuestions,
        options,
        sizes,
        alike: alikeTexts<ItemText>,
        signal: stopSignal(),
      }
      const { log, counts } = await importTask(importer, from ?? '', dir, plan)
      if (json) return console.log(printableJson({ dir, log: logFacts(log), counts }))
      if (from !== undefined) for (const line of describeLog(log)) console.log(line)
      console.log(`Task folder ${dir}: ${describeCounts(counts)}.`)
      if (sizes === processorSizes)
        console.log(
          'There is no NVIDIA GPU here: rows, recipe and batches in task.yaml are of sizes that suit a processor.',
        )
      console.log(`Fill in ${dir}/task.yaml, then: npx syllabus task check ${dir}`)
    },
  )
}
