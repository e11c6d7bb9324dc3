import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** SHA-256 of a file, in lower-case hex; memory does not grow with it. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** The first of some files by name that is not there, or whose content has another hash; reads all of them. */
export async function brokenFile(
  folder: string,
  sha256Of: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  for (const [name, wanted] of Object.entries(sha256Of)) {
    const path = join(folder, name)
    if ((await sha256OfFile(path).catch(() => null)) !== wanted) return path
  }
  return undefined
}
