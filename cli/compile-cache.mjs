// Plain JavaScript: with it every command starts, and what strips types is not loaded where all that follows is compiled already.
import { accessSync, constants, existsSync } from 'node:fs'
import module from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { moduleOf } from './source-files.mjs'

const packages = fileURLToPath(new URL('../node_modules', import.meta.url))

/** Where compiled code lies beside the packages. */
export const besidePackages = join(packages, '.cache', 'syllabus')

/** Commands that stream: V8 is to collect garbage before it takes more memory, where its heap would grow with the source. */
export const streaming = ['score', 'task']

/**
 * Lets Node keep compiled code, which halves the time that a process needs to start: beside the packages, else in the home. Where
 * neither can be written nothing is kept; a home is not made for its sake.
 */
export async function keepCompiled() {
  if (isWritable(packages)) module.enableCompileCache(besidePackages)
  else {
    const { homeFolder } = await import(moduleOf('../machine/folders.ts', import.meta.url))
    if (existsSync(homeFolder())) module.enableCompileCache(join(homeFolder(), 'node-cache'))
  }
}

function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
