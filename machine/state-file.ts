import { createHash, randomUUID } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { type FileHandle, link, lstat, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import writeFileAtomic from 'write-file-atomic'
import type { z } from 'zod'
import { explained, MachineError } from './faults.ts'

/**
 * Files that outlive a process, and a power cut: whoever reads one sees the old text or the new one, whole.
 * What a disk or a person did to one all the same is found when it is read, by its schema.
 */

/** What stands in a state file is not what was written to it: it is empty, cut off, or something else. */
export class StateFileError extends MachineError {}

/** SHA-256 of a file, in lower-case hex; memory does not grow with it. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** The mode of what is one user's own business: secrets, and where they are kept. */
export const ownerOnly = 0o600

/**
 * Replaces the text of a file: written beside it, synced, renamed. Without a mode it has that of the file that was there, or the usual
 * one of this process. @throws MachineError
 */
export async function writeWhole(path: string, text: string, mode?: number): Promise<void> {
  await naming(path, 'written', async () => {
    await writeFileAtomic(path, text, mode === undefined ? {} : { mode })
    await syncFolder(dirname(path))
  })
}

/** Makes a file that is not there yet, whole; false where it is. @throws MachineError */
export async function createWhole(path: string, text: string, mode?: number): Promise<boolean> {
  const own = `${path}.${randomUUID()}`
  try {
    await writeWhole(own, text, mode)
    return await naming(path, 'written', async () => {
      try {
        await link(own, path)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
        throw error
      }
      await syncFolder(dirname(path))
      return true
    })
  } finally {
    await rm(own, { force: true })
  }
}

/**
 * Gives a file or folder that is whole its name, in place of a file that has it. What stands in it is on the disk before the name is,
 * so that no power cut leaves the name without the content.
 */
export async function putInPlace(partial: string, path: string): Promise<void> {
  await syncAll(partial)
  await rename(partial, path)
  await syncFolder(dirname(path))
}

/** A file, or a folder with all that is in it. */
async function syncAll(path: string): Promise<void> {
  const found = await lstat(path)
  if (found.isFile()) {
    const file = await open(path, 'r')
    await file.sync()
    await file.close()
  }
  if (!found.isDirectory()) return
  for (const name of await readdir(path)) await syncAll(join(path, name))
  await syncFolder(path)
}

/**
 * What a file of JSON holds; null where there is none.
 * @throws StateFileError when it does not hold what it should; MachineError when it cannot be read
 */
export async function readState<S extends z.ZodType>(path: string, schema: S, fix: string): Promise<z.infer<S> | null> {
  const text = await textOrNull(path)
  if (text === null) return null
  const parsed = parse(text, schema)
  if ('value' in parsed) return parsed.value
  throw new StateFileError(`${path} ${parsed.fault}.`, fix)
}

/** The same of a file that can be made again: one that does not hold what it should counts as missing, and `notify` is called with that. */
export async function readOrForget<S extends z.ZodType>(
  path: string,
  schema: S,
  notify: (line: string) => void,
): Promise<z.infer<S> | null> {
  try {
    return await readState(path, schema, '')
  } catch (error) {
    if (!(error instanceof StateFileError)) throw error
    notify(`${error.message.slice(0, -1)}; it is made again`)
    return null
  }
}

/** A file's text; null where there is none. @throws MachineError */
export async function textOrNull(path: string): Promise<string | null> {
  return naming(path, 'read', async () => {
    const file = await openRegular(path, 'read')
    if (!file) return null
    try {
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  })
}

function parse<S extends z.ZodType>(text: string, schema: S): { value: z.infer<S> } | { fault: string } {
  if (text.trim() === '') return { fault: 'is empty' }
  if (/^\0+$/.test(text)) return { fault: 'holds nothing but zeros' }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { fault: 'is cut off or damaged: it holds no JSON' }
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return { value: parsed.data }
  const { path: at, message } = parsed.error.issues[0]!
  return { fault: `does not hold what it should (${[at.join('.'), message].filter(Boolean).join(': ')})` }
}

/** A rename is on the disk once its folder is. File systems that cannot sync a folder do without. */
async function syncFolder(folder: string): Promise<void> {
  const opened = await open(folder, 'r').catch(() => null)
  await opened?.sync().catch(() => {})
  await opened?.close()
}

/** What a fault of the file system within becomes: one of this file, which cannot be read, or whatever was wanted. */
export async function naming<T>(path: string, what: 'read' | 'written' | 'used', work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explained(error, `${path} cannot be ${what}`, dirname(path))
  }
}

/**
 * Opens a file; null where there is none. Whatever else stands there, a pipe that nobody writes to or a device, is not waited for.
 * @throws what the file system says: EISDIR, EACCES, and ENXIO of what is no regular file
 */
export async function openRegular(path: string, mode: 'read' | 'write'): Promise<FileHandle | null> {
  const flags = (mode === 'read' ? constants.O_RDONLY : constants.O_RDWR) | constants.O_NONBLOCK
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (!file) return null
  const found = await file.stat()
  if (found.isFile()) return file
  await file.close()
  throw Object.assign(new Error(`${path} is no regular file`), { code: found.isDirectory() ? 'EISDIR' : 'ENXIO' })
}
