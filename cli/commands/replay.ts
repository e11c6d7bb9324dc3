import type { Command } from 'commander'
import { type ReplayOptions, replay } from '../../experiments/inspect/replay.ts'
import { anyRun, runId } from '../options/option-parsers.ts'
import { topologyOption } from '../options/shared-options.ts'

export function registerReplay(program: Command): void {
  program
    .command('replay')
    .description(
      "make a run's datasets again from its programs and its journal, without one call, and compare their hashes",
    )
    .argument('[run]', anyRun, runId)
    .option('--model <name>', 'the teacher, of a run that does not say which it had')
    .addOption(topologyOption('options of generator and critic, of a run that does not say them'))
    .option('--json', 'JSON lines instead of text', false)
    .action(async (named: string | undefined, options: ReplayOptions) => {
      process.exitCode = await replay(named, options)
    })
}
