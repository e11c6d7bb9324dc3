import { mkdir, open, stat, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Writes behind the first `length` bytes of a file, in place of what stands there. Gives the new length. */
export async function appendAt(path: string, length: number, bytes: Uint8Array): Promise<number> {
  await mkdir(dirname(path), { recursive: true })
  await using file = await open(path, length === 0 ? 'w' : 'r+')
  await file.truncate(length)
  await file.write(bytes, 0, bytes.length, length)
  await file.sync()
  return length + bytes.length
}

/** Cuts off what stands behind the first `length` bytes of a file; false where it has fewer, or is not there. */
export async function cutTo(path: string, length: number): Promise<boolean> {
  const size = (await stat(path).catch(() => null))?.size ?? -1
  if (size > length) await truncate(path, length)
  return size >= length
}
