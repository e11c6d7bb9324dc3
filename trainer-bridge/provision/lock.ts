import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

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

/** The pid is written to a file of its own first and linked into place, so a lock is never seen without its holder. */
async function take(path: string): Promise<boolean> {
  const own = `${path}.${process.pid}-${randomUUID()}`
  await writeFile(own, String(process.pid))
  try {
    await link(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(own, { force: true })
  }
  const holder = Number(await readFile(path, 'utf8').catch(() => ''))
  if (holder > 0 && !isAlive(holder)) await rm(path, { force: true })
  return false
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
