import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { lstat, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { onExit } from 'signal-exit'
import { makeFolder } from '../machine/folders.ts'
import { putInPlace } from '../machine/state-file.ts'

/** A file or folder that is being made beside the place where it will be: it appears there whole, or not at all. */
export type StagedFile = AsyncDisposable & {
  path: string
  /** Gives it its place, once it is on the disk. */
  keep(): Promise<void>
}

const ending = '.partial'
/** What nobody has written to for so long was left by a process that could not take it away. */
const staleMs = 3_600_000

/** A draft of `target`; the caller makes it. It goes with its disposal and this process; after `kill -9` the next draft takes it away. */
export async function stageFile(target: string): Promise<StagedFile> {
  makeFolder(dirname(target))
  await removeStale(target)
  const path = `${target}.${randomUUID()}${ending}`
  const forget = onExit(() => rmSync(path, { recursive: true, force: true }))
  return {
    path,
    keep: () => putInPlace(path, target),
    async [Symbol.asyncDispose]() {
      // What breaks off may still be writing its last files.
      await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
      forget()
    },
  }
}

async function removeStale(target: string): Promise<void> {
  const folder = dirname(target)
  const form = /^\.[0-9a-f-]{36}\.partial$/
  for (const name of await readdir(folder)) {
    if (!name.startsWith(basename(target)) || !form.test(name.slice(basename(target).length))) continue
    const path = join(folder, name)
    if (Date.now() - (await lastWritten(path)) > staleMs) await rm(path, { recursive: true, force: true })
  }
}

/** Milliseconds since 1970; of a folder, of what was written last in it. 0: it is not there any more. */
async function lastWritten(path: string): Promise<number> {
  const kind = await lstat(path).catch(() => null)
  if (!kind?.isDirectory()) return kind?.mtimeMs ?? 0
  const inner = await readdir(path).catch(() => [])
  return Math.max(kind.mtimeMs, ...(await Promise.all(inner.map((name) => lastWritten(join(path, name))))))
}
