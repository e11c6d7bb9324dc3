import { queuesIn } from '../../launcher/topology/queues.ts'
import type { Variants } from '../../schemas/run.ts'
import type { Topology } from '../../schemas/topology.ts'
import type { TestServer } from './nats.ts'

/** The queues of a topology's agents, or, with `own`, of a run's, with their consumers made, as a session makes them. */
export async function openQueues(server: TestServer, topology: Topology, own?: string): Promise<Variants> {
  const queues = queuesIn(topology, process.env, own)
  const variants = Object.fromEntries(Object.entries(queues).map(([role, queue]) => [role, [queue]]))
  const operator = await server.open('operator')
  const limits = { logMaxBytes: 64 * 1024 ** 2, logMaxAgeMs: 24 * 3600_000, objectsMaxBytes: 256 * 1024 ** 2 }
  await operator.ensureTopology({ ...limits, keep: true, variants })
  return queues
}
