import type { ChildProcess } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'nats'
import { z } from 'zod'
import { ensureWritable } from '../machine/folders.ts'
import { FileHeldError, type HoldOptions, holderName, holdFile, isHere } from '../machine/held-file.ts'
import { ownerOnly, readOrForget, writeWhole } from '../machine/state-file.ts'
import { spawnTied } from '../machine/tied-child.ts'
import { BusLimits } from '../schemas/bus-limits.ts'
import { accountsOf, roles } from '../schemas/role.ts'
import { AllCredentials } from './credentials.ts'
import { BusSetupError, reasonOf } from './errors.ts'
import { watchForFullDisk } from './full-disk.ts'
import { serverNameAt } from './greeting.ts'
import type { Logger } from './logger.ts'
import { serverConfig } from './server-config.ts'

/** The folder of a server's streams, held by this process: no other starts a server on it, on this machine or another. */
export type Storage = AsyncDisposable & {
  folder: string
  /** The lock; a server inherits it, so that the folder is held until the last of its servers has ended. */
  descriptor: number
  /** What its servers call themselves to whoever connects, before they are sent any password. */
  serverName: string
  /** Aborts when another machine took the folder over: the server here must end at once. */
  lost: AbortSignal
}

export type ServerOptions = {
  binary: string
  /** Holds the streams, the configuration (0600) and `server.json`. */
  storage: Storage
  /** 0 or left out: the port of the last time if it is free, else any. */
  port?: number
  /** Made (0600) when it is not there, so that a restart keeps the passwords. */
  credentialsFile: string
  limits?: BusLimits | undefined
  log: Logger
  /** What a person should see at once: that the disk is full, or that a file is made again. */
  notify?: ((line: string) => void) | undefined
}

export type EmbeddedServer = {
  url: string
  pid: number
  credentials: AllCredentials
  /** Resolves when the process has ended. */
  exited: Promise<void>
  stop(): Promise<void>
}

const host = '127.0.0.1'

/** For the next start, which takes the same port, and for people. What runs now is known by the storage that is held, never by this. */
const ServerFile = z.object({ url: z.string(), port: z.number().int(), pid: z.number().int() })

/** How long a command that ends, or a server whose command was killed, may take to let go of the storage. */
const letGoMs = 5000

/**
 * Holds a folder for a server's streams, which is made when it is not there.
 * @throws BusSetupError that names the holder; MachineError when the folder cannot be written
 */
export async function holdStorage(folder: string, options: Omit<HoldOptions, 'details'> = {}): Promise<Storage> {
  ensureWritable(folder, 'set SYLLABUS_HOME to a folder that can be written', 0o700)
  try {
    const held = await holdFile(join(folder, 'server.lock'), { waitMs: letGoMs, ...options })
    return {
      folder,
      descriptor: held.descriptor,
      serverName: `syllabus-${randomUUID()}`,
      lost: held.lost,
      [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
    }
  } catch (error) {
    if (!(error instanceof FileHeldError)) throw error
    const { holder } = error
    throw new BusSetupError(
      {
        what: `The storage is in use by ${holderName(holder)}`,
        where: folder,
        fix:
          holder !== null && !isHere(holder)
            ? `Give the command on ${holder.host}, end what runs there, or set SYLLABUS_HOME to another folder.`
            : 'Give the command again: once a session is up, it joins that. Or set SYLLABUS_HOME to another folder. If that process is gone, end the nats-server that it left behind (ps ax | grep nats-server).',
      },
      { cause: error },
    )
  }
}

/**
 * Starts nats-server on loopback with JetStream on disk, the three accounts and their users, and waits until it answers.
 * Whoever holds it starts it again when `exited` resolves unasked: it was killed, or a full disk has room again.
 * It ends with this process, however that ends. @throws BusSetupError: port in use, binary missing, storage that another server has
 */
export async function startServer(options: ServerOptions): Promise<EmbeddedServer> {
  const { binary, storage, log, limits = BusLimits.parse({}), notify = () => {} } = options
  const { folder: storeDir, serverName: name } = storage
  const credentials = await keepCredentials(options.credentialsFile, notify)
  const serverFile = join(storeDir, 'server.json')
  const last = await readOrForget(serverFile, ServerFile, notify)
  const port = await choosePort(options.port ?? 0, last?.port)
  const url = `nats://${host}:${port}`
  const configFile = join(storeDir, 'nats-server.conf')
  await writeWhole(configFile, serverConfig(credentials, { host, port, storeDir, serverName: name }), ownerOnly)
  const child = spawnTied(binary, ['-c', configFile], {
    stdio: ['ignore', 'ignore', 'pipe'],
    inherit: [storage.descriptor],
    // A process group of its own: Ctrl-C on the terminal is for the launcher, which drains the agents before it stops the server.
    detached: true,
  })
  // Another machine has the storage now: nothing more is written to it.
  storage.lost.addEventListener('abort', () => child.kill('SIGKILL'), { once: true })
  const exited = once(child, 'exit').then(
    () => {},
    () => {},
  )
  const lines = collectLines(child, options)
  const pid = await untilUp(child, {
    binary,
    url,
    name,
    credentials,
    storeDir,
    port,
    lines,
    startMs: limits.serverStartMs,
  })
  await writeWhole(serverFile, `${JSON.stringify({ url, port, pid })}\n`, ownerOnly)
  log.info({ pid, url }, 'nats-server up')
  return { url, pid, credentials, exited, stop: () => end(child, limits, exited) }
}

/** Random passwords for every role and account. */
function makeCredentials(): AllCredentials {
  const all = roles.map((role) => [
    role,
    Object.fromEntries(
      accountsOf[role].map((account) => [
        account,
        { user: `${role}-${account.toLowerCase()}`, pass: randomBytes(24).toString('base64url') },
      ]),
    ),
  ])
  return Object.fromEntries(all) as AllCredentials
}

/** Users are made anew where their file is gone or damaged: what a server has stored belongs to accounts, not to users. */
async function keepCredentials(path: string, notify: (line: string) => void): Promise<AllCredentials> {
  const kept = await readOrForget(path, AllCredentials, notify)
  if (kept) return kept
  const made = makeCredentials()
  await writeWhole(path, `${JSON.stringify(made, null, 2)}\n`, ownerOnly)
  return made
}

async function choosePort(asked: number, last: number | undefined): Promise<number> {
  if (asked === 0) return (last && (await freePort(last))) || ((await freePort(0)) ?? 0)
  if (await freePort(asked)) return asked
  throw new BusSetupError({
    what: `Port ${asked} is in use`,
    where: `${host}:${asked}`,
    fix: 'Choose another port, or 0 for any free one, or stop the program that holds it.',
  })
}

async function freePort(port: number): Promise<number | null> {
  const probe = createServer()
  try {
    probe.listen(port, host)
    await once(probe, 'listening')
    const address = probe.address()
    return typeof address === 'object' && address ? address.port : null
  } catch {
    return null
  } finally {
    if (probe.listening) {
      probe.close()
      await once(probe, 'close')
    }
  }
}

/** The server's last lines, for the message when it does not come up. */
function collectLines(child: ChildProcess, { storage: { folder }, log, notify }: ServerOptions): string[] {
  const lines: string[] = []
  const watch = watchForFullDisk(folder, { log, notify, restart: () => void child.kill('SIGTERM') })
  if (!child.stderr) return lines
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line)
    if (lines.length > 20) lines.shift()
    if (/\[(ERR|FTL)\]/.test(line)) log.error({ line }, 'nats-server')
    void watch(line)
  })
  return lines
}

type Birth = {
  binary: string
  url: string
  name: string
  credentials: AllCredentials
  storeDir: string
  port: number
  lines: readonly string[]
  startMs: number
}

async function untilUp(child: ChildProcess, birth: Birth): Promise<number> {
  let fault: string | null = null
  child.once('error', (error) => {
    fault = reasonOf(error)
  })
  child.once('exit', (code, signal) => {
    fault ??= `it ended with ${signal ?? code}`
  })
  const until = performance.now() + birth.startMs
  while (fault === null && performance.now() < until) {
    if (child.pid !== undefined && (await answers(birth))) return child.pid
    await sleep(5)
  }
  child.kill('SIGKILL')
  const lastLine = birth.lines.filter((line) => /\[(ERR|FTL|WRN)\]/.test(line)).at(-1) ?? birth.lines.at(-1)
  throw new BusSetupError({
    what: `nats-server did not start: ${[fault ?? `no answer in ${birth.startMs / 1000} s`, lastLine].filter(Boolean).join('; ')}`,
    where: `${birth.binary} on port ${birth.port}, storage ${birth.storeDir}`,
    fix: 'See the reason; a full disk, a port in use, or storage that another server holds must be fixed first.',
  })
}

/** Whether the server at the address is the one that was started, by the name that it was given, and JetStream is up. */
async function answers({ url, name, credentials }: Birth): Promise<boolean> {
  if ((await serverNameAt(url)) !== name) return false
  const login = credentials.operator.LAB
  try {
    const nc = await connect({
      servers: url,
      ...login,
      reconnect: false,
      timeout: 1000,
      inboxPrefix: '_INBOX_operator',
    })
    try {
      const reply = await nc.request('$JS.API.INFO', '', { timeout: 1000 })
      return !reply.string().includes('"error"')
    } finally {
      await nc.close()
    }
  } catch {
    return false
  }
}

/** SIGTERM lets JetStream close its files; a server that does not end in time is killed. */
async function end(child: ChildProcess, { serverStopMs }: BusLimits, exited: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), serverStopMs)
  await exited
  clearTimeout(timer)
}
