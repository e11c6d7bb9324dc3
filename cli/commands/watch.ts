import type { Command } from 'commander'
import { watch } from '../../experiments/inspect/watch.ts'
import { topologyOption } from '../options/shared-options.ts'

export function registerWatch(program: Command): void {
  program
    .command('watch')
    .description('print the address of the live page; without running agents, serve the runs that are stored')
    .addOption(topologyOption('limits of the page'))
    .option('--json', 'JSON instead of text', false)
    .action(watch)
}
