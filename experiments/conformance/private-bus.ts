import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLog } from '../../agents/kit/log.ts'
import {
  type AllCredentials,
  type Bus,
  bareConnection,
  connectBus,
  holdStorage,
  type StoredEntry,
  startServer,
} from '../../bus/mod.ts'
import { homeFolder } from '../../machine/folders.ts'
import { provisionNatsServer } from '../../provision/mod.ts'
import type { AgentRole } from '../../schemas/role.ts'
import type { Topology } from '../../schemas/topology.ts'

/** A NATS server of its own, in a folder that goes with it, as the operator sees it. */
export type PrivateBus = AsyncDisposable & {
  readonly url: string
  readonly credentials: AllCredentials
  readonly operator: Bus
  readonly folder: string
  /** Where the agents' log lines are. */
  readonly logFile: string
  readonly contaminationKey: Buffer
  /** What agents have logged so far. */
  logged(): Promise<string>
  /** The entries of a run once `isDone` holds of them; null where that is not so in time. */
  entries(
    runId: string,
    isDone: (entries: readonly StoredEntry[]) => boolean,
    mostMs: number,
  ): Promise<StoredEntry[] | null>
  /** Stores bytes on a subject of the log that are no message: their header names none. */
  publishForeign(subject: string, body: string): Promise<void>
}

const lookMs = 25

/** Starts it with the consumers of one queue of one role. Delivery policies are those given. */
export async function openPrivateBus(
  role: AgentRole,
  queue: string,
  topology: Pick<Topology, 'delivery' | 'bus'>,
): Promise<PrivateBus> {
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-check-'))
  const log = createLog({ role: 'operator', instance: String(process.pid) }, { level: 'silent' })
  const binary = await provisionNatsServer({ home: homeFolder() })
  const storage = await holdStorage(join(folder, 'nats'))
  const credentialsFile = join(folder, 'credentials.json')
  const server = await startServer({ binary, storage, credentialsFile, limits: topology.bus, log })
  const operator = await connectBus({
    servers: server.url,
    credentials: server.credentials.operator,
    role: 'operator',
    variant: 'cli',
    instance: `check-${process.pid}`,
    log,
    limits: topology.bus,
  })
  const megabyte = 1024 ** 2
  await operator.ensureTopology({
    logMaxBytes: 256 * megabyte,
    logMaxAgeMs: 24 * 3_600_000,
    objectsMaxBytes: 256 * megabyte,
    delivery: topology.delivery,
    variants: { [role]: [queue] },
  })
  const logFile = join(folder, 'agents.log')
  return {
    url: server.url,
    credentials: server.credentials,
    operator,
    folder,
    logFile,
    contaminationKey: randomBytes(32),
    logged: () => readFile(logFile, 'utf8').catch(() => ''),
    async entries(runId, isDone, mostMs) {
      const until = performance.now() + mostMs
      for (;;) {
        const signal = AbortSignal.timeout(mostMs)
        const entries = await Array.fromAsync(operator.log({ runId, follow: false, signal }))
        if (isDone(entries)) return entries
        if (performance.now() > until) return null
        await sleep(lookMs)
      }
    },
    async publishForeign(subject, body) {
      const nc = await bareConnection({ server: server.url, login: server.credentials.operator.LAB! })
      try {
        await nc.request(subject, body, { timeout: 5000 })
      } finally {
        await nc.close()
      }
    },
    async [Symbol.asyncDispose]() {
      await operator[Symbol.asyncDispose]()
      await server.stop()
      await storage[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
