import type { Bus, StoredEntry } from '../../bus/mod.ts'
import type { WorkMessage } from '../../schemas/message.ts'
import { registry } from '../../schemas/registry.ts'
import type { Role } from '../../schemas/role.ts'
import type { TestServer } from './nats.ts'

/** Publishes the messages of a made-up run as their senders would: each by a bus with the credentials of its role. */
export function createTracePublisher(server: TestServer) {
  const buses = new Map<string, Bus>()
  return async (entries: readonly StoredEntry[]): Promise<void> => {
    for (const entry of entries) {
      const key = entry.from.instance
      const bus = buses.get(key) ?? (await server.open(entry.from.role as Role))
      buses.set(key, bus)
      const cause = entry.cause ? { id: entry.cause, traceparent: entry.traceparent } : undefined
      const to = { runId: entry.runId, id: entry.id.slice(entry.runId.length + 1), ...(cause && { cause }) }
      const message = registry[entry.name as keyof typeof registry]
      if (message.kind === 'work') {
        await bus.publish(message as WorkMessage, { ...to, variant: entry.to?.variant ?? '' }, entry.payload)
      } else await bus.publish(message, to, entry.payload as never)
    }
  }
}
