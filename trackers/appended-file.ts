import { mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes behind the first `length` bytes of a file, whatever came after them: of a process that was killed, that is what it wrote and did
 * not note. Gives the new length.
 */
export async function appendAt(path: string, length: number, bytes: Uint8Array): Promise<number> {
  await mkdir(dirname(path), { recursive: true })
  await using file = await open(path, length === 0 ? 'w' : 'r+')
  await file.truncate(length)
  await file.write(bytes, 0, bytes.length, length)
  await file.sync()
  return length + bytes.length
}

/** Whether a file has so many bytes at least. */
export const hasBytes = async (path: string, length: number): Promise<boolean> =>
  ((await stat(path).catch(() => null))?.size ?? -1) >= length
