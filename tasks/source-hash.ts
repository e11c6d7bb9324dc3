import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../schemas/hash.ts'

/** The SHA-256 of every TypeScript file in a folder, by path and text, wherever the folder lies. Errors: what the file system says. */
export function sourceHash(folder: string): string {
  const names = globSync('**/*.ts', { cwd: folder }).sort()
  return sha256(names.map((name) => `${name} ${sha256(readFileSync(join(folder, name), 'utf8'))}\n`).join(''))
}
