import { access } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Command, Option } from 'commander'
import { BenchmarkMode } from '../../tasks/scorers/benchmark.ts'
import { type LineScorer, lineScorerNamed, lineScorerNames } from '../../tasks/scorers/line-scorers.ts'
import { type ScoreSummary, scoreFile } from '../../tasks/scorers/score-file.ts'
import { UsageError } from '../errors.ts'

type Options = { scorer: string; mode: BenchmarkMode; in: string; out: string; options?: string }

export function registerScore(program: Command): void {
  program
    .command('score')
    .description('score replies in a JSON Lines file: adds correct, extracted and reason to each line')
    .requiredOption('--scorer <name>', `one of ${lineScorerNames().join(', ')}`)
    .addOption(new Option('--mode <mode>', 'whose verdict').choices([...BenchmarkMode.options]).default('official'))
    .requiredOption('--in <file>', 'lines with response (or prediction) and gold')
    .requiredOption('--out <file>', 'where the scored lines go')
    .option('--options <json>', 'options of the scorer, as a JSON object')
    .action(async (options: Options) => {
      const scorer = scorerFor(options)
      await checkPaths(options)
      const summary = await scoreFile(options.in, options.out, scorer, options.mode)
      for (const line of describe(summary, options)) console.log(line)
      if (summary.scored === 0) {
        throw new UsageError(
          `No line of ${options.in} could be scored.`,
          `Lines need what the ${options.scorer} scorer reads: see docs/scorers.md.`,
        )
      }
    })
}

function scorerFor({ scorer: name, options = '{}' }: Options): LineScorer {
  const known = `Known scorers: ${lineScorerNames().join(', ')}.`
  let scorer: LineScorer | undefined
  try {
    scorer = lineScorerNamed(name, JSON.parse(options))
  } catch (error) {
    throw new UsageError(
      `The options of scorer ${name} do not parse: ${(error as Error).message}`,
      'Give --options a JSON object.',
    )
  }
  if (scorer === undefined) throw new UsageError(`There is no scorer named ${name}.`, known)
  return scorer
}

async function checkPaths(options: Options): Promise<void> {
  await access(options.in).catch(() => {
    throw new UsageError(`The file ${options.in} cannot be read.`, 'Give --in a JSON Lines file.')
  })
  await access(dirname(options.out)).catch(() => {
    throw new UsageError(`The folder of ${options.out} does not exist.`, 'Create it, or give --out another place.')
  })
}

function describe({ scored, correct, reasons, badCount, bad }: ScoreSummary, { mode, out }: Options): string[] {
  const share = scored === 0 ? '' : ` (${((100 * correct) / scored).toFixed(2)} %)`
  const lines = [`${mode}: ${correct} of ${scored} lines right${share}: ${out}`]
  for (const [reason, count] of [...reasons].sort(([, a], [, b]) => b - a)) lines.push(`  ${reason}: ${count}`)
  if (badCount > 0) lines.push(`${badCount} lines could not be scored:`)
  for (const { line, why } of bad) lines.push(`  line ${line}: ${why}`)
  if (badCount > bad.length) lines.push(`  and ${badCount - bad.length} more`)
  return lines
}
