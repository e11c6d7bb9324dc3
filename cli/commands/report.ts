import type { Command } from 'commander'
import { createReporter } from '../progress.ts'
import { writeRunReport } from '../run/write-run-report.ts'
import { withBus } from '../session/with-bus.ts'

export function registerReport(program: Command): void {
  program
    .command('report')
    .description('write runs/<run>/report.{html,md,json} from the log')
    .argument('<run>', 'run id')
    .action(async (runId: string) => withBus((bus) => writeRunReport(bus, runId, createReporter())))
}
