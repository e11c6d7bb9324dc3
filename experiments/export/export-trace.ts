import { createLog } from '../../agents/kit/log.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { openOwnReceiver } from '../../launcher/telemetry.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../launcher/topology/topology-names.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { printableJson } from '../../schemas/printable.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { exportRunTraces } from '../../telemetry/traces/export-traces.ts'
import { pickRun } from '../run/pick-run.ts'

/**
 * Sends the trace of a run, finished or not. What is sent a second time has the same ids.
 * @throws UsageError where there is no such run or no receiver, or the receiver does not take it
 */
export async function exportTrace(named: string | undefined, isJson: boolean): Promise<void> {
  const { receiver, withContent } = await openOwnReceiver()
  const { telemetry } = await readTopology(defaultTopology)
  await withBus(async (bus) => {
    const { config } = await pickRun(bus, named, () => true)
    const log = createLog({ role: 'operator' }, { level: 'error' })
    const line = (text: string) => console.error(text)
    const exported = await exportRunTraces(
      config.runId,
      { bus, receiver, withContent, log, line, ...telemetry },
      stopSignal(),
    )
    if (exported === null)
      throw new UsageError(
        `The trace of ${config.runId} was not sent whole: ${receiver.name} does not take it.`,
        'See the reason above. Then give the command again: what is sent twice has the same ids.',
      )
    const sent = { runId: config.runId, spans: exported, receiver: receiver.name }
    console.log(isJson ? printableJson(sent) : `${sent.spans} spans of ${sent.runId} were sent to ${sent.receiver}`)
  })
}
