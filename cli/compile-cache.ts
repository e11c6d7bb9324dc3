import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { homeFolder } from './home.ts'

const packages = fileURLToPath(new URL('../node_modules', import.meta.url))

/**
 * Where Node keeps compiled code, which halves the time that a process needs to start: beside the packages, else in the home. Null
 * where neither can be written; a home is not made for its sake.
 */
export function compileCacheFolder(): string | null {
  if (isWritable(packages)) return join(packages, '.cache', 'syllabus')
  return existsSync(homeFolder()) ? join(homeFolder(), 'node-cache') : null
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
