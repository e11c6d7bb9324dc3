import { createReporter } from '../../launcher/console/reporter.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { followRun } from '../run/follow-run.ts'
import { pickRun } from '../run/pick-run.ts'
import { progressLine } from '../run/progress-line.ts'

export type EventsOptions = { from: number; follow: boolean; json: boolean }

/**
 * Prints the messages of a run from a place of the log on, as the command that follows it does; with `follow` until the run rests, or the
 * command is interrupted.
 * @throws UsageError where there is no such run
 */
export async function printEvents(named: string | undefined, { from, follow, json }: EventsOptions): Promise<void> {
  await withBus(async (bus) => {
    const { config } = await pickRun(bus, named, () => true)
    const { runId } = config
    const reporter = createReporter({ json })
    const signal = stopSignal()
    if (follow) await followRun(bus, { runId, fromSeq: from, reporter, signal })
    else
      for await (const entry of bus.log({ runId, fromSeq: from, follow: false, signal })) progressLine(entry, reporter)
    reporter.close()
  })
}
