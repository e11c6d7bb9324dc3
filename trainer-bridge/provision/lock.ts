import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { isAlive } from '../../bus/mod.ts'

export interface LockOptions {
  onProgress?: (line: string) => void
  signal?: AbortSignal
}

/** Runs `work` while holding the file `path`, which names the holder's pid; a dead holder's lock is taken over. */
export async function withLock<T>(
  path: string,
  { onProgress, signal }: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  let told = false
  while (!(await take(path))) {
    if (!told) onProgress?.(`another process is setting this up (${path}); waiting for it`)
    told = true
    await delay(500, undefined, { signal })
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

/** Makes a file that is not there yet; false where it is. It is linked into place, so that a lock is never seen without its holder. */
export async function createWhole(path: string, text: string): Promise<boolean> {
  const own = `${path}.${process.pid}-${randomUUID()}`
  await writeFile(own, text)
  try {
    await link(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(own, { force: true })
  }
}

/** Whether a lock's holder may be there still; another user's process, which `isAlive` does not count, may be it too. */
export function holds(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return isAlive(pid)
}

async function take(path: string): Promise<boolean> {
  if (await createWhole(path, String(process.pid))) return true
  const holder = Number(await readFile(path, 'utf8').catch(() => ''))
  if (holder > 0 && !holds(holder)) await rm(path, { force: true })
  return false
}
