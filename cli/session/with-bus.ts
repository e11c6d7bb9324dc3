import { join } from 'node:path'
import { createLog } from '../../agents/kit/log.ts'
import { type Bus, findServer, readCredentials } from '../../bus/mod.ts'
import { homeFolder } from '../home.ts'
import { defaultTopology, readTopology } from '../topology/topology-file.ts'
import { type Cluster, keepKey, openCluster } from './cluster.ts'
import { findSession } from './live-session.ts'
import { connectOperator, prepareBus } from './session.ts'

/**
 * Runs a command on the bus as the operator: on the running session's server when there is one, else on a server started for
 * as long as the command takes, over the same storage.
 */
export async function withBus<T>(use: (bus: Bus, cluster: Cluster) => Promise<T>): Promise<T> {
  const log = createLog({ role: 'operator' }, { level: process.env.SYLLABUS_LOG_LEVEL ?? 'error' })
  const home = homeFolder()
  const joined = await joinedCluster(home)
  await using cluster = joined ?? (await openCluster({ home, log, onProgress: (line) => console.error(line) }))
  await using bus = await connectOperator(cluster, log)
  // Whoever made the bus gave it the limits of a topology; a command has none of its own to put in their place.
  if (!joined) await prepareBus(bus, await readTopology(defaultTopology), { keep: true, variants: {} })
  return await use(bus, cluster)
}

/** The running session's server, which goes on when this command ends; null when none runs. */
export async function joinedCluster(home: string): Promise<Cluster | null> {
  if (process.env.NATS_URL || !(await findSession())) return null
  const server = await findServer(join(home, 'nats'))
  if (!server?.running) return null
  return {
    servers: server.url,
    credentials: readCredentials(join(home, 'nats-credentials.json')),
    sealed: true,
    contaminationKey: await keepKey(home),
    description: `embedded nats-server of the running session (${server.url})`,
    [Symbol.asyncDispose]: async () => {},
  }
}
