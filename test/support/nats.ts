import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AllCredentials,
  type Bus,
  connectBus,
  type EmbeddedServer,
  holdStorage,
  type Logger,
  startServer,
} from '../../bus/mod.ts'
import { provisionNatsServer } from '../../provision/mod.ts'
import type { Role } from '../../schemas/role.ts'
import { isAlive } from './alive.ts'

export type LogLine = { level: string; message: string; [field: string]: unknown }

/** A logger that keeps its lines, so that a test can read them and output stays quiet. */
export function memoryLog(): Logger & { lines: LogLine[] } {
  const lines: LogLine[] = []
  const write = (level: string) => (fields: object, message: string) => void lines.push({ level, message, ...fields })
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

export type TestServer = AsyncDisposable & {
  readonly url: string
  readonly credentials: AllCredentials
  readonly storeDir: string
  readonly pid: number
  /** Kills the server without warning and waits until it is gone. */
  kill9(): Promise<void>
  /** Starts it again on the same port and storage. */
  restart(): Promise<void>
  /** A bus as the given role; closed with the server. */
  open(role: Role, variant?: string, log?: Logger): Promise<Bus>
}

const defaultVariant: Readonly<Record<Role, string>> = {
  planner: 'rules',
  generator: 'procedural',
  critic: 'rules',
  'trainer-bridge': 'peft',
  evaluator: 'scorer',
  gateway: 'ws',
  operator: 'cli',
}

/** The binary that the product uses, fetched on first use. */
export const natsBinary = () =>
  provisionNatsServer({ home: process.env.SYLLABUS_HOME ?? join(import.meta.dirname, '../../.syllabus') })

/**
 * A real nats-server with the product's accounts and permissions, on a free port and a storage of its own, with streams and
 * consumers made. Disposing it closes every bus opened through it and fails when the server is still there.
 */
export async function withServer(
  options: { logMaxBytes?: number; log?: Logger; topology?: boolean } = {},
): Promise<TestServer> {
  const binary = await natsBinary()
  const storeDir = await mkdtemp(join(tmpdir(), 'syllabus-nats-'))
  const log = options.log ?? memoryLog()
  const storage = await holdStorage(storeDir)
  const start = () => startServer({ binary, storage, credentialsFile: join(storeDir, 'credentials.json'), log })
  let server: EmbeddedServer = await start()
  const buses: Bus[] = []
  let instances = 0

  const open: TestServer['open'] = async (role, variant = defaultVariant[role], busLog = memoryLog()) => {
    instances += 1
    const bus = await connectBus({
      servers: server.url,
      credentials: server.credentials[role],
      role,
      variant,
      instance: `${role}-${instances}`,
      log: busLog,
    })
    buses.push(bus)
    return bus
  }

  if (options.topology !== false) {
    const operator = await open('operator')
    await operator.ensureTopology({
      logMaxBytes: options.logMaxBytes ?? 64 * 1024 ** 2,
      logMaxAgeMs: 24 * 3600_000,
      objectsMaxBytes: 256 * 1024 ** 2,
    })
  }

  return {
    get url() {
      return server.url
    },
    get credentials() {
      return server.credentials
    },
    get pid() {
      return server.pid
    },
    storeDir,
    async kill9() {
      process.kill(server.pid, 'SIGKILL')
      await server.exited
    },
    async restart() {
      server = await start()
    },
    open,
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(buses.map((bus) => bus[Symbol.asyncDispose]()))
      await server.stop()
      if (isAlive(server.pid)) throw new Error(`nats-server ${server.pid} is still running`)
      await storage[Symbol.asyncDispose]()
      await rm(storeDir, { recursive: true, force: true })
    },
  }
}

/** Waits until the condition holds, and fails with its name when it does not in time. */
export async function until(name: string, holds: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const end = Date.now() + timeoutMs
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not in ${timeoutMs} ms: ${name}`)
    await sleep(10)
  }
}

/** The first `count` values of an async iterable. */
export async function take<T>(values: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  for await (const value of values) {
    taken.push(value)
    if (taken.length >= count) break
  }
  return taken
}
