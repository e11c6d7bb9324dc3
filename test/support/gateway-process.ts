import { readdirSync } from 'node:fs'
import { type BusOptions, connectBus } from '../../bus/mod.ts'
import { type GatewayOptions, startGateway } from '../../trace/gateway.ts'
import type { TryPanel } from '../../trace/try-panel.ts'
import { stubReader } from './run-reader.ts'

/*
 * A gateway in a process of its own, so that what ends the process or leaks in it shows: started with `--expose-gc` by a parent that sends
 * { servers, credentials, gateway } and gets { port }; then, for each message, { heapBytes, descriptors, refusals }.
 */

let refusals = 0
const count = (_: object, message: string) => {
  if (message.includes('refused')) refusals++
}
const log = { debug() {}, info: count, warn: count, error: count }

type Start = Pick<BusOptions, 'servers' | 'credentials'> & { gateway: Pick<GatewayOptions, 'token'> }

const runReader = stubReader()
const tryPanel: TryPanel = { ask: async () => ({ asked: 'a question', replies: [] }) }

process.once('message', async ({ servers, credentials, gateway }: Start) => {
  const bus = await connectBus({ servers, credentials, role: 'gateway', variant: 'ws', instance: 'gateway-1', log })
  const { port } = await startGateway({
    bus,
    tryPanel,
    runReader,
    ...gateway,
    log,
    signal: new AbortController().signal,
  })
  process.on('message', () => {
    globalThis.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    process.send?.({ heapBytes: heapUsed + external, descriptors: readdirSync('/dev/fd').length, refusals })
  })
  process.send?.({ port })
})
