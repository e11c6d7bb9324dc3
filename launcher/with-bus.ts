import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLog } from '../agents/kit/log.ts'
import { AllCredentials, type Bus, serverNameAt } from '../bus/mod.ts'
import { homeFolder } from '../machine/folders.ts'
import { readState } from '../machine/state-file.ts'
import { printable } from '../schemas/printable.ts'
import type { Topology } from '../schemas/topology.ts'
import { UsageError } from '../schemas/user-error.ts'
import { type BusServer, contaminationKeyOf, openBusServer } from './bus-server.ts'
import { findSession } from './live-session.ts'
import { connectOperator, prepareBus } from './session.ts'

type WithBus = {
  line?: (text: string) => void
  signal?: AbortSignal
  /** Whether a server that is not here is fetched: for commands that start work. */
  mayFetch?: boolean
  /** For the page, which may be up before the first run: what is missing is made, with its limits. Left out: nothing is made. */
  topology?: Topology
}

/** Whether this home holds runs, or the environment names a server that may. */
export const hasRuns = (): boolean => process.env.NATS_URL !== undefined || existsSync(join(homeFolder(), 'nats'))

/**
 * Runs a command on the bus as the operator: on the running session's server when there is one, else on a server started for
 * as long as the command takes, over the same storage. One that only reads makes no
 * streams: on a bus without any there are no runs.
 * @throws UsageError where this home holds no run
 */
export async function withBus<T>(
  use: (bus: Bus, server: BusServer) => Promise<T>,
  { line = (text) => console.error(printable(text)), signal, mayFetch = false, topology }: WithBus = {},
): Promise<T> {
  const log = createLog({ role: 'operator' }, { level: process.env.SYLLABUS_LOG_LEVEL ?? 'error' })
  const home = homeFolder()
  if (!hasRuns()) {
    throw new UsageError(
      `No run was ever started in the home ${home}.`,
      'Start one with "npx syllabus run", or set SYLLABUS_HOME to the home that holds yours.',
    )
  }
  const joined = await joinedServer(home)
  await using server = joined ?? (await openBusServer({ home, log, onProgress: line, notify: line, mayFetch }))
  await using bus = await connectOperator(server, log, { line, ...(signal && { signal }) })
  // Whoever made the bus gave it the limits of a topology; what is there keeps them.
  if (topology && !joined) await prepareBus(bus, topology, { keep: true, variants: {}, vault: false })
  else if (!joined) await bus.checkLayout()
  return await Promise.race([use(bus, server), bus.refused])
}

/**
 * The running session's server, which goes on when this command ends; null when none runs.
 * @throws UsageError when another answers at its address, which is sent no password
 */
export async function joinedServer(home: string): Promise<BusServer | null> {
  if (process.env.NATS_URL) return null
  const session = await findSession()
  if (!session?.server) return null
  const { url, name } = session.server
  if ((await nameOnceBack(url)) !== name) {
    throw new UsageError(
      `Process ${session.pid} runs agents in ${home}, and its nats-server does not answer at ${url}.`,
      'If it runs in another container, give the command there. Else wait until it has started its server again, or stop it.',
    )
  }
  const fix = `Stop process ${session.pid}: the next session makes it again, and what is stored stays.`
  const credentials = await readState(join(home, 'nats-credentials.json'), AllCredentials, fix)
  if (!credentials) throw new UsageError(`${join(home, 'nats-credentials.json')} is gone.`, fix)
  return {
    servers: url,
    credentials,
    isKnown: true,
    sealed: true,
    contaminationKey: contaminationKeyOf(home, (line) => console.error(line)),
    description: `embedded nats-server of the running session (${url})`,
    serverName: name,
    [Symbol.asyncDispose]: async () => {},
  }
}

/** A server that was killed is started again within moments. */
async function nameOnceBack(url: string): Promise<string | null> {
  for (let looks = 20; looks > 0; looks--) {
    const name = await serverNameAt(url)
    if (name !== null) return name
    await sleep(250)
  }
  return null
}
