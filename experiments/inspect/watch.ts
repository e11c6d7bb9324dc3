import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createLog } from '../../agents/kit/log.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { findSession } from '../../launcher/live-session.ts'
import { connectAs } from '../../launcher/session.ts'
import { openTelemetry } from '../../launcher/telemetry.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { createTryPanel } from '../../models/panel.ts'
import { printableJson } from '../../schemas/printable.ts'
import { startGateway } from '../../trace/gateway.ts'
import { createRunReader } from './run-reader.ts'

/** Prints the address of the live page. Where no agents run, it serves the stored runs itself until it is interrupted. */
export async function watch({ json, topology: file }: { json: boolean; topology: string }): Promise<void> {
  const session = await findSession()
  if (session) return console.log(json ? printableJson({ url: session.pageUrl }) : session.pageUrl)
  const topology = await readTopology(file)
  await withBus(
    async (bus, cluster) => {
      const log = createLog({ role: 'gateway' })
      const stop = stopSignal()
      await using reader = await connectAs('gateway', cluster, log)
      await using telemetry = await openTelemetry(topology, console.error)
      await telemetry.observe({ bus, readsAll: true, agents: () => [], prices: topology.prices })
      await using tryPanel = createTryPanel(bus, topology, (step) => log.debug({ step }, 'models of a run'))
      const gateway = await startGateway({
        bus: reader,
        tryPanel,
        runReader: createRunReader(bus, topology),
        answerTelemetry: telemetry.answer,
        ...topology.gateway,
        token: randomBytes(16).toString('hex'),
        log,
        signal: stop,
      })
      if (json) console.log(printableJson({ url: gateway.url }))
      else console.log(`${gateway.url}\nno agents run; this page replays stored runs until you interrupt it`)
      if (!stop.aborted) await once(stop, 'abort')
      await gateway.close()
    },
    { topology },
  )
}
