import { type Command, Option } from 'commander'
import { scoreReplies } from '../../experiments/score-replies.ts'
import { BenchmarkMode } from '../../tasks/scorers/benchmark.ts'
import { lineScorerNames } from '../../tasks/scorers/line-scorers.ts'

export function registerScore(program: Command): void {
  program
    .command('score')
    .description('score replies in a JSON Lines file: adds correct, extracted and reason to each line')
    .requiredOption(
      '--scorer <name|file.js>',
      `one of ${lineScorerNames().join(', ')}, or a script with a function score`,
    )
    .addOption(new Option('--mode <mode>', 'whose result').choices([...BenchmarkMode.options]).default('official'))
    .requiredOption('--in <file>', 'lines with response (or prediction) and gold')
    .requiredOption('--out <file>', 'where the scored lines go')
    .option('--options <json>', 'options of the scorer, as a JSON object')
    .option('--json', 'JSON instead of text', false)
    .action(scoreReplies)
}
