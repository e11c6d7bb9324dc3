import { type BusOptions, connectBus } from '../../bus/mod.ts'
import { exportTraces } from '../../telemetry/traces/export-traces.ts'
import { openReceiver } from '../../telemetry/traces/receiver.ts'

/*
 * An exporter of traces in a process of its own, so that it can be killed: started by a parent that sends { servers, credentials, home },
 * it exports until it is sent "end".
 */

const log = { debug() {}, info() {}, warn() {}, error() {} }

type Start = Pick<BusOptions, 'servers' | 'credentials'> & {
  home: string
  spansPerRequest: number
  leastFlushMs: number
}

process.on('disconnect', () => process.exit())
process.on('message', async (start: Start | 'end') => {
  if (start === 'end') return
  const { servers, credentials, home, spansPerRequest, leastFlushMs } = start
  const bus = await connectBus({ servers, credentials, role: 'operator', variant: 'cli', instance: 'traces-1', log })
  const limits = { spansPerRequest, longestPauseMs: 1000, leastFlushMs, flushMs: 10_000 }
  const line = (text: string) => process.send?.({ line: text })
  const traces = await exportTraces({
    bus,
    receiver: openReceiver('test'),
    home,
    withContent: false,
    log,
    line,
    ...limits,
  })
  process.once('message', async () => {
    await traces?.[Symbol.asyncDispose]()
    await bus[Symbol.asyncDispose]()
    process.exit()
  })
  process.send?.({ started: true })
})
