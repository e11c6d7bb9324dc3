import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type FileHandle, link, lstat, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { jsonOrNull } from '../schemas/bounded-json.ts'
import { tryLock } from './os-lock.ts'
import { naming, openRegular } from './state-file.ts'

/**
 * A file that one process holds at a time, over all containers and machines that see it.
 *
 * H1  The operating system holds the lock, so it is free the moment its holder is gone, however it went. No process id decides
 *     anything: ids are used again, and a container has its own.
 * H2  A process that inherits `descriptor` holds the file too, until both are gone.
 * H3  The file comes into being whole, locked and with its holder's name, by a link, which no two machines can make both.
 * H4  A network file system may not show the locks of other machines, and some systems have none. So the holder counts up a number in
 *     the file, and who finds a holder on another kernel, or on one that cannot lock files, watches that number: while it changes the
 *     file is held; once it has stood still for `silentMs`, measured by whoever watches, its holder is gone. Clocks of two machines
 *     are never compared.
 * H5  A holder whose file is another's now (its machine slept, and it was taken for gone) learns it by `lost`.
 */
export type HeldFile = AsyncDisposable & {
  path: string
  descriptor: number
  /** Aborts with a FileHeldError that names the new holder. */
  lost: AbortSignal
}

/** Who holds a file, and what it says beside. */
const Holder = z.looseObject({ pid: z.number().int(), host: z.string(), boot: z.string(), id: z.string() })
export type Holder = z.infer<typeof Holder>

export type HoldOptions = {
  /** What the file says of its holder beside its process and machine. */
  details?: object
  /** How long a holder on another machine may be silent before it is taken for gone. */
  silentMs?: number
  /** How long to wait for a living holder. */
  waitMs?: number
  /** Hears of a holder that is waited for or watched, and of a file that cannot be read and is made again; of each once. */
  onWait?: (line: string) => void
  signal?: AbortSignal | undefined
}

/** The file is held by another; null where the file does not say by whom. */
export class FileHeldError extends Error {
  readonly path: string
  readonly holder: Holder | null

  constructor(path: string, holder: Holder | null) {
    super(`${path} is held by ${holderName(holder)}`)
    this.name = 'FileHeldError'
    this.path = path
    this.holder = holder
  }
}

export function holderName(holder: Holder | null): string {
  if (!holder) return 'another process'
  const { pid, host, boot } = holder
  const namesake = host === hostname() && boot !== bootId()
  return `process ${pid} on ${namesake ? `another machine that is called ${host} too (or this one, before it was started anew)` : host}`
}

/** Whether a command on this machine, or in this container, reaches the holder. */
export const isHere = ({ host, boot }: Holder): boolean => host === hostname() && boot === bootId()

/** How often a holder counts up its number, and whoever watches reads it. */
const beatMs = 2000
const watchMs = 500
const silentMsUsual = 60_000
/** Within this a living holder on this machine gives a sign, where there are no locks to tell by. */
const shortlyMs = 2.5 * beatMs
/** Whoever looks at a file, or is about to let it go, has it for a moment. */
const shortMs = 300

/**
 * Holds the file until disposed.
 * @throws FileHeldError while another holds it; MachineError when no such file can be made
 */
export async function holdFile(path: string, options: HoldOptions = {}): Promise<HeldFile> {
  const { details = {}, waitMs = shortMs, signal } = options
  const until = performance.now() + waitMs
  const lines = new Set<string>()
  const onWait = (line: string) => {
    if (!lines.has(line)) options.onWait?.(line)
    lines.add(line)
  }
  return naming(path, 'used', async () => {
    for (;;) {
      const made = await make(path, details)
      if (made) return made
      const found = await examine(path, { ...options, onWait })
      if (found === 'free') continue
      if (performance.now() >= until) throw new FileHeldError(path, found.holder)
      if (waitMs > shortMs) onWait(`${holderName(found.holder)} holds ${path}; waiting for it`)
      await sleep(100, undefined, { signal })
    }
  })
}

/**
 * The holder of a file if it is a process of this kernel that lives; null if nobody of this kernel holds it. A damaged file that nobody
 * holds is removed, and `notify` is called with that.
 */
export async function holderOf(path: string, notify: (line: string) => void = () => {}): Promise<Holder | null> {
  return naming(path, 'used', async () => {
    const file = await openRegular(path, 'read')
    if (!file) return null
    try {
      const text = await file.readFile('utf8')
      const holder = readHolder(text)
      const lock = tryLock(file.fd, { shared: true })
      if (!holder && lock !== 'held') {
        notify(`${path} is damaged (it names no process) and is removed`)
        await rm(path)
      }
      if (holder?.boot !== bootId() || lock === 'free') return null
      return lock === 'held' || (await isAlive(path, text, { silentMs: shortlyMs })) ? holder : null
    } finally {
      await file.close()
    }
  })
}

/** Null when there is such a file already. */
async function make(path: string, details: object): Promise<HeldFile | null> {
  const holder: Holder = { pid: process.pid, host: hostname(), boot: bootId(), id: randomUUID(), ...details }
  const own = `${path}.${holder.id}`
  const file = await open(own, 'wx+', 0o600)
  try {
    tryLock(file.fd)
    await file.write(textOf(holder, 0), 0)
    await file.sync()
    await link(own, path)
  } catch (error) {
    await file.close()
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null
    throw error
  } finally {
    await rm(own, { force: true })
  }
  return keep(path, file, holder)
}

/** Of one length whatever the number, so that it is written over in place. */
const textOf = (holder: Holder, beat: number): string =>
  `${JSON.stringify({ ...holder, beat: String(beat).padStart(12, '0') })}\n`

function keep(path: string, file: FileHandle, holder: Holder): HeldFile {
  const lost = new AbortController()
  let beat = 0
  let beating: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    beat += 1
    beating = beating.then(count).catch(() => {
      // A full or sleeping disk: the next one may be written.
    })
  }, beatMs).unref()

  async function count(): Promise<void> {
    if ((await standsAt(path, file)) !== 'another') {
      await file.write(textOf(holder, beat), 0)
      await file.datasync()
    } else if (!lost.signal.aborted) {
      clearInterval(timer)
      lost.abort(new FileHeldError(path, readHolder(await readFile(path, 'utf8'))))
    }
  }

  return {
    path,
    descriptor: file.fd,
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await beating
      if ((await standsAt(path, file)) === 'this') await rm(path, { force: true })
      await file.close()
    },
  }
}

/** Whether the path leads to this open file, to another, or to nothing. */
async function standsAt(path: string, file: FileHandle): Promise<'this' | 'another' | 'nothing'> {
  const there = await stat(path).catch(() => null)
  if (!there) return 'nothing'
  const { dev, ino } = await file.stat()
  return there.dev === dev && there.ino === ino ? 'this' : 'another'
}

type Examined = 'free' | { holder: Holder | null }

/** Who lives and holds the file. What a holder that is gone left behind is taken away, so that it is free to be made anew. */
async function examine(
  path: string,
  { silentMs = silentMsUsual, onWait, signal }: HoldOptions & { onWait: (line: string) => void },
): Promise<Examined> {
  const file = await openRegular(path, 'write')
  if (!file) {
    // Else it would be tried for ever to make the file where the link stands.
    const found = await lstat(path).catch(() => null)
    if (found?.isSymbolicLink()) await rm(path, { force: true })
    return 'free'
  }
  try {
    const lock = tryLock(file.fd)
    const text = await file.readFile('utf8')
    const holder = readHolder(text)
    if (lock === 'held') return { holder }
    if ((await standsAt(path, file)) !== 'this') return 'free'
    if (!holder) onWait(`${path} is damaged (it names no process) and is made again`)
    else if (lock === 'unknown' || holder.boot !== bootId() || holder.boot === '') {
      const why = lock === 'unknown' ? ' (files cannot be locked here)' : ''
      onWait(
        `${holderName(holder)} held ${path} last; watching for ${Math.ceil(silentMs / 1000)} s whether it is still there${why}`,
      )
      if (await isAlive(path, text, { silentMs, signal })) return { holder }
      onWait(`${holderName(holder)} gave no sign of life; ${path} is taken over from it`)
    }
    await takeAway(path, text)
    return 'free'
  } finally {
    await file.close()
  }
}

/**
 * Whether the file changes while it is watched. Looks are counted, not the clock: who slept in between has not watched.
 * @throws the signal's reason
 */
async function isAlive(
  path: string,
  text: string,
  { silentMs, signal }: Pick<HoldOptions, 'signal'> & { silentMs: number },
): Promise<boolean> {
  for (let looks = Math.ceil(silentMs / watchMs); looks > 0; looks--) {
    await sleep(watchMs, undefined, { signal })
    // Opened anew, since a network file system asks its server then.
    if ((await readFile(path, 'utf8').catch(() => null)) !== text) return true
  }
  return false
}

/** Another may have taken the file over meanwhile: its own is put back. */
async function takeAway(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
    if ((await readFile(aside, 'utf8')) !== stale) await link(aside, path)
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    await rm(aside, { force: true })
  }
}

const readHolder = (text: string): Holder | null => Holder.safeParse(jsonOrNull(text)).data ?? null

let known: string | undefined

/**
 * What distinguishes one start of this machine's kernel from every other: containers of one kernel share it, another machine and the same
 * one started again have another. Empty where the system does not say it.
 */
export function bootId(): string {
  known ??= readBootId()
  return known
}

function readBootId(): string {
  try {
    if (process.platform === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    if (process.platform === 'darwin')
      return execFileSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim()
  } catch {
    // A sandbox may hide it: then nothing is concluded from it.
  }
  return ''
}
