import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Files under the folders in which a text stands, byte for byte. Links are not followed. */
export async function filesWith(text: string, folders: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const folder of folders) {
    for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name)
      if (entry.isFile() && (await readFile(path)).includes(text)) found.push(path)
    }
  }
  return found
}
