import type { Command } from 'commander'
import { writeRunReport } from '../../experiments/run/write-run-report.ts'
import { createReporter } from '../../launcher/console/reporter.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { runId } from '../options/option-parsers.ts'

export function registerReport(program: Command): void {
  program
    .command('report')
    .description('write runs/<run>/report.{html,md,json} from the log')
    .argument('<run>', 'run id', runId)
    .action(async (runId: string) => withBus((bus) => writeRunReport(bus, runId, createReporter())))
}
