import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { createWhole, holds } from '../trainer-bridge/provision/mod.ts'
import type { UsageError } from './errors.ts'

/** What the file says of its holder; `host` tells machines apart that share a folder. */
const ownText = () => JSON.stringify({ pid: process.pid, host: hostname() })

/**
 * Holds the file until disposed, so that one process at a time does what it stands for. One whose process is gone is taken over.
 * Of one on another machine nobody can tell: it holds the file, unless machines that come and go keep it (`otherHosts: 'gone'`).
 * Errors: what `refused` makes of the holder, in words.
 */
export async function lockFile(
  path: string,
  refused: (holder: string) => UsageError,
  otherHosts: 'hold' | 'gone' = 'hold',
): Promise<AsyncDisposable> {
  for (;;) {
    if (await createWhole(path, ownText())) return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
    const text = await readFile(path, 'utf8').catch(() => null)
    if (text === null) continue
    if (!isGone(text, otherHosts)) throw refused(inWords(text))
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

function isGone(text: string, otherHosts: 'hold' | 'gone'): boolean {
  const holder = holderOf(text)
  if (holder === null) return false
  return holder.host === hostname() ? !holds(holder.pid) : otherHosts === 'gone'
}

function inWords(text: string): string {
  const holder = holderOf(text)
  return holder ? `process ${holder.pid} on ${holder.host}` : 'somebody'
}
