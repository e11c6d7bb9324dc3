import type { Command } from 'commander'
import { initTask, nextSteps } from '../../experiments/init-task.ts'
import { describeCounts, describeLog, logFacts } from '../../experiments/task-import-log.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { hasGpu } from '../../provision/mod.ts'
import { printable, printableJson } from '../../schemas/printable.ts'
import { positive, wholeNumber } from '../options/option-parsers.ts'
import { formerOption } from '../options/shared-options.ts'

type Options = {
  from?: string
  seed: number
  audit: number
  seedQuestions: number
  items?: number
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
    .option('--seed <n>', 'seed of the division', wholeNumber, 1)
    .option('--items <n>', 'validation and test together at most (default: 800, with a GPU 4000)', positive)
    .option('--audit <n>', 'items set aside for after the search', wholeNumber, 0)
    .option('--seed-questions <n>', 'questions set aside without answers', wholeNumber, 0)
    .addOption(formerOption('--seeds <n>', '--seed-questions').argParser(wholeNumber))
    .option('--json', 'JSON instead of text', false)
  for (const [flags, what] of columns) command.option(flags, `${what} (with --from)`)
  command.action(async (dir: string, { from, seed, audit, seeds, seedQuestions, items, json, ...options }: Options) => {
    const gpu = await hasGpu(process.env)
    const plan = { seed, audit, seeds: seeds ?? seedQuestions, items, options, hasGpu: gpu, signal: stopSignal() }
    const { log, counts, ...begun } = await initTask(dir, from, plan)
    if (json) return console.log(printableJson({ dir, log: logFacts(log), counts, ...begun }))
    if (from !== undefined) for (const line of describeLog(log)) console.log(line)
    console.log(`Task folder ${dir}: ${describeCounts(counts)}.`)
    const { labels, spellings } = begun
    if (labels.length > 0) console.log(printable(`Answers are one of ${labels.length} labels: ${labels.join(', ')}.`))
    const others = Object.entries(spellings).map(([other, label]) => `${other} as ${label}`)
    if (others.length > 0) console.log(printable(`Other spellings of a label were taken for it: ${others.join(', ')}.`))
    if (!gpu)
      console.log(
        'There is no NVIDIA GPU here: rows, recipe and batches in task.yaml are of sizes that suit a processor.',
      )
    console.log(printable(nextSteps(dir, begun)))
  })
}
