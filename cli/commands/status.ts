import type { Command } from 'commander'
import { printStatus } from '../../experiments/inspect/status.ts'

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('runs, and the agents that are up')
    .option('--json', 'JSON instead of tables', false)
    .action((options: { json: boolean }) => printStatus(options))
}
