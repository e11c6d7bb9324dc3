import { join } from 'node:path'
import { sha256OfFile } from '../machine/state-file.ts'

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
