import { globSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { sha256 } from '../schemas/hash.ts'
import { FileRefused, readInside, utf8TextOf } from './files/regular-file.ts'

/**
 * The SHA-256 of every TypeScript file in a folder, by path and text, wherever the folder lies.
 * @throws what the file system says
 */
export function sourceHash(folder: string): string {
  const names = globSync('**/*.ts', { cwd: folder })
  return hashOfFiles(new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')])))
}

/** More files than these no procedure has. */
const maxFiles = 1000

/** The same of a folder inside one that nobody vouches for. @throws {FileRefused} */
export async function foreignSourceHash(dir: string, inner: string): Promise<string> {
  const folder = join(dir, inner)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).filter((path) => path.endsWith('.ts'))
  if (paths.length > maxFiles) {
    const fix = 'Keep the procedure in a folder of its own.'
    throw new FileRefused(`It holds more than ${maxFiles} TypeScript files`, folder, fix)
  }
  const texts = new Map<string, string>()
  for (const path of paths) {
    const bytes = await readInside(dir, relative(dir, path).replaceAll(sep, '/'))
    texts.set(relative(folder, path).replaceAll(sep, '/'), utf8TextOf(bytes, path))
  }
  return hashOfFiles(texts)
}

const hashOfFiles = (texts: ReadonlyMap<string, string>): string =>
  sha256(
    [...texts.keys()]
      .sort()
      .map((name) => `${name} ${sha256(texts.get(name)!)}\n`)
      .join(''),
  )
