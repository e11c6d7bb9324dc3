import { appendFile, cp, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
/** What stands beside the code and is none of it. */
const others = /^(node_modules|test|docs|runs|dist|\..*)$/

/**
 * A copy of the code in which one file has a line more, as another version has; gives its `cli/bin.mjs`. The second value is the file, from
 * the root, and the line.
 */
export async function otherCode(folder: string, [file, line]: readonly [string, string]): Promise<string> {
  await mkdir(folder, { recursive: true })
  await cp(root, folder, { recursive: true, filter: (path) => !others.test(path.slice(root.length + 1)) })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await appendFile(join(folder, file), `${line}\n`)
  return join(folder, 'cli/bin.mjs')
}
