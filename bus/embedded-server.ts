import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'nats'
import { z } from 'zod'
import { BusLimits } from '../schemas/bus-limits.ts'
import { accountsOf, roles } from '../schemas/role.ts'
import { type AllCredentials, readCredentials } from './credentials.ts'
import { BusSetupError, reasonOf } from './errors.ts'
import { watchForFullDisk } from './full-disk.ts'
import type { Logger } from './logger.ts'
import { serverConfig } from './server-config.ts'

export type ServerOptions = {
  binary: string
  /** Holds the streams, the configuration (0600) and `server.json`. */
  storeDir: string
  /** 0 or left out: the port of the last time if it is free, else any. */
  port?: number
  /** Made (0600) when it is not there, so that a restart keeps the passwords. */
  credentialsFile: string
  limits?: BusLimits | undefined
  log: Logger
  /** What a person should see at once: that the disk is full. */
  tell?: ((line: string) => void) | undefined
}

export type EmbeddedServer = {
  url: string
  pid: number
  credentials: AllCredentials
  /** True when a server left over from a launcher that died was found running on this storage and taken over. */
  adopted: boolean
  /** Resolves when the process has ended. */
  exited: Promise<void>
  stop(): Promise<void>
}

const host = '127.0.0.1'
const ServerFile = z.object({ url: z.string(), port: z.number().int(), pid: z.number().int() })
type ServerFile = z.infer<typeof ServerFile>

/** The server that runs, or last ran, on this storage; null when there is none. */
export async function findServer(storeDir: string): Promise<(ServerFile & { running: boolean }) | null> {
  try {
    const found = ServerFile.parse(JSON.parse(await readFile(join(storeDir, 'server.json'), 'utf8')))
    return { ...found, running: isAlive(found.pid) }
  } catch {
    return null
  }
}

/**
 * Starts nats-server on loopback with JetStream on disk, the three accounts and their users, and waits until it answers.
 * Whoever holds it starts it again when `exited` resolves unasked: it was killed, or a full disk has room again.
 * Throws BusSetupError: port in use, storage not writable or full, binary missing.
 */
export async function startServer(options: ServerOptions): Promise<EmbeddedServer> {
  const { binary, storeDir, log, limits = BusLimits.parse({}) } = options
  await makeFolder(storeDir)
  const credentials = await keepCredentials(options.credentialsFile)
  const last = await findServer(storeDir)
  if (last?.running && (await answers(last.url, credentials))) {
    log.warn({ pid: last.pid, url: last.url }, 'took over a nats-server left running on this storage')
    const { url, pid } = last
    const stopped = Promise.withResolvers<void>()
    // Watching keeps nobody alive, so whoever stops it is told at once: a watch alone would let the process end in between.
    const exited = Promise.race([endOf(pid), stopped.promise])
    return { url, pid, credentials, adopted: true, exited, stop: () => end(pid, limits).then(stopped.resolve) }
  }
  const port = await choosePort(options.port ?? 0, last?.port)
  const url = `nats://${host}:${port}`
  const configFile = join(storeDir, 'nats-server.conf')
  await writePrivate(configFile, serverConfig(credentials, { host, port, storeDir }))
  // A process group of its own: Ctrl-C on the terminal is for the launcher, which drains the agents before it stops the server.
  const child = spawn(binary, ['-c', configFile], { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  const lines = collectLines(child, options)
  const pid = await untilUp(child, { binary, url, credentials, storeDir, port, lines, startMs: limits.serverStartMs })
  await writePrivate(join(storeDir, 'server.json'), `${JSON.stringify({ url, port, pid })}\n`)
  log.info({ pid, url }, 'nats-server up')
  const exited = child.exitCode === null ? once(child, 'exit').then(() => {}) : Promise.resolve()
  return { url, pid, credentials, adopted: false, exited, stop: () => end(pid, limits, exited) }
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

async function keepCredentials(path: string): Promise<AllCredentials> {
  if (!existsSync(path)) {
    await mkdir(join(path, '..'), { recursive: true })
    await writePrivate(path, `${JSON.stringify(makeCredentials(), null, 2)}\n`)
  }
  return readCredentials(path)
}

async function writePrivate(path: string, text: string): Promise<void> {
  const partial = `${path}.${process.pid}.partial`
  await writeFile(partial, text, { mode: 0o600 })
  await rename(partial, path)
}

async function makeFolder(storeDir: string): Promise<void> {
  try {
    await mkdir(storeDir, { recursive: true, mode: 0o700 })
    const probe = join(storeDir, '.probe')
    await writeFile(probe, Buffer.alloc(64 * 1024))
    await rm(probe)
  } catch (error) {
    throw new BusSetupError(
      {
        what: `The bus cannot write its storage: ${reasonOf(error)}`,
        where: storeDir,
        mend: 'Free disk space or correct the folder’s rights, or set SYLLABUS_HOME to another folder.',
      },
      { cause: error },
    )
  }
}

async function choosePort(asked: number, last: number | undefined): Promise<number> {
  if (asked === 0) return (last && (await freePort(last))) || ((await freePort(0)) ?? 0)
  if (await freePort(asked)) return asked
  throw new BusSetupError({
    what: `Port ${asked} is in use`,
    where: `${host}:${asked}`,
    mend: 'Choose another port, or 0 for any free one, or stop the program that holds it.',
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
function collectLines(child: ChildProcess, { storeDir, log, tell }: ServerOptions): string[] {
  const lines: string[] = []
  const watch = watchForFullDisk(storeDir, { log, tell, restart: () => void child.kill('SIGTERM') })
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
  const until = Date.now() + birth.startMs
  while (fault === null && Date.now() < until) {
    if (child.pid !== undefined && (await answers(birth.url, birth.credentials))) return child.pid
    await sleep(5)
  }
  child.kill('SIGKILL')
  const said = birth.lines.filter((line) => /\[(ERR|FTL|WRN)\]/.test(line)).at(-1) ?? birth.lines.at(-1)
  throw new BusSetupError({
    what: `nats-server did not start: ${[fault ?? `no answer in ${birth.startMs / 1000} s`, said].filter(Boolean).join('; ')}`,
    where: `${birth.binary} on port ${birth.port}, storage ${birth.storeDir}`,
    mend: 'See the reason; a full disk, a port in use, or storage that another server holds must be mended first.',
  })
}

async function answers(url: string, credentials: AllCredentials): Promise<boolean> {
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

/** Whether a process of this user has the id and has not ended: one that nobody waited for keeps its id (Linux: state Z). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return true
  }
}

/** `ref` keeps this process alive until then. */
async function endOf(pid: number, ref = false): Promise<void> {
  while (isAlive(pid)) await sleep(100, undefined, { ref })
}

/** SIGTERM lets JetStream close its files; a server that does not end in time is killed. */
async function end(pid: number, { serverStopMs }: BusLimits, exited: Promise<void> = endOf(pid, true)): Promise<void> {
  if (!isAlive(pid)) return
  process.kill(pid, 'SIGTERM')
  const timer = setTimeout(() => isAlive(pid) && process.kill(pid, 'SIGKILL'), serverStopMs)
  await exited
  clearTimeout(timer)
}
