import { holdFile } from '../machine/held-file.ts'

export interface LockOptions {
  onProgress?: (line: string) => void
  signal?: AbortSignal
}

/** Runs `work` while holding the file `path`; another process that sets up the same is waited for. */
export async function withLock<T>(
  path: string,
  { onProgress, signal }: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  await using _held = await holdFile(path, { waitMs: Number.POSITIVE_INFINITY, onWait: onProgress, signal })
  return await work()
}
