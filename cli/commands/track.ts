import type { Command } from 'commander'
import { trackStored } from '../../experiments/run/track.ts'
import { anyRun, runId } from '../options/option-parsers.ts'
import { topologyOption, trackerOption } from '../options/shared-options.ts'

export function registerTrack(program: Command): void {
  program
    .command('track')
    .description('write a stored run to experiment trackers, as far as they do not have it (docs/trackers.md)')
    .argument('[run]', anyRun, runId)
    .addOption(trackerOption().makeOptionMandatory())
    .addOption(topologyOption('limits'))
    .option('--json', 'JSON lines instead of text', false)
    .action(trackStored)
}
