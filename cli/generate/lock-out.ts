import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createWhole, holds } from '../../trainer-bridge/provision/mod.ts'
import { UsageError } from '../errors.ts'

const lockFile = '.generate.lock'

/** What the file says of its holder; `host` tells machines apart that share a folder. */
const ownText = () => JSON.stringify({ pid: process.pid, host: hostname() })

/**
 * Holds the folder for the rows until disposed, so that one command at a time writes into it, whichever home it works in. A lock whose
 * process is gone is taken over. Errors: UsageError that names the holder.
 */
export async function lockOut(out: string): Promise<AsyncDisposable> {
  const path = join(out, lockFile)
  for (;;) {
    if (await createWhole(path, ownText())) return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
    const text = await readFile(path, 'utf8').catch(() => null)
    if (text === null) continue
    if (!isGone(text)) throw inUse(out, path, text)
    await removeStale(path, text)
  }
}

/** Another command may have taken the stale lock over meanwhile: its lock is put back. */
async function removeStale(path: string, stale: string): Promise<void> {
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

function holderOf(text: string): { pid: number; host: string } | null {
  try {
    const { pid, host } = JSON.parse(text)
    return Number.isInteger(pid) && typeof host === 'string' ? { pid, host } : null
  } catch {
    return null
  }
}

function isGone(text: string): boolean {
  const holder = holderOf(text)
  return holder !== null && holder.host === hostname() && !holds(holder.pid)
}

function inUse(out: string, path: string, text: string): UsageError {
  const holder = holderOf(text)
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'somebody'
  return new UsageError(
    `${out} is in use: ${who} makes rows into it.`,
    `Wait until it ends, stop it, or give another --out. If it is gone for sure, remove ${path}.`,
  )
}
