import { access, mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { holdFile } from '../machine/held-file.ts'

export interface LockOptions {
  onProgress?: (line: string) => void
  signal?: AbortSignal
}

/** Runs `work` while holding the file `path`; another process that sets up the same is waited for. */
export async function withLock<T>(path: string, { onProgress, signal }: LockOptions, work: () => Promise<T>) {
  await using _held = await holdFile(path, { waitMs: Number.POSITIVE_INFINITY, onWait: onProgress, signal })
  return await work()
}

/** What `find` finds; else what `make` makes at `path`, once: another process that makes the same is waited for. */
export async function makeOnce<T>(
  path: string,
  options: LockOptions,
  find: () => Promise<T | undefined>,
  make: () => Promise<T>,
): Promise<T> {
  const ready = await find()
  if (ready !== undefined) return ready
  await mkdir(dirname(path), { recursive: true })
  return withLock(`${path}.lock`, options, async () => (await find()) ?? (await make()))
}

/** Whether anything is at `path`, whole or not. */
export const isBegun = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

/** A folder that is renamed into place once it is whole: its path, where it is there. */
export const wholeFolder = async (path: string): Promise<string | undefined> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ? path : undefined
