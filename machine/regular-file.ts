import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

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
