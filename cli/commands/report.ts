import type { Command } from 'commander'
import { pickRun } from '../../experiments/run/pick-run.ts'
import { writeRunReport } from '../../experiments/run/write-run-report.ts'
import { createReporter } from '../../launcher/console/reporter.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { anyRun, runId } from '../options/option-parsers.ts'

export function registerReport(program: Command): void {
  program
    .command('report')
    .description('write runs/<run>/report.{html,md,json} from the log')
    .argument('[run]', anyRun, runId)
    .option('--json', 'JSON lines instead of text', false)
    .action(async (named: string | undefined, { json }: { json: boolean }) =>
      withBus(async (bus) => {
        const { config } = await pickRun(bus, named, ({ config }) => !config.generate)
        await writeRunReport(bus, config.runId, createReporter({ json }))
      }),
    )
}
