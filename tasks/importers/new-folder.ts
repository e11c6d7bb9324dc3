import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { TaskError } from '../task-error.ts'
import { exists } from './source-file.ts'

/**
 * Makes the folder `out` with what `write` puts into a folder beside it: it appears whole or not at all. Errors: `TaskError` for a
 * folder that exists already, and those of `write`.
 */
export async function newFolder<T>(out: string, write: (partial: string) => Promise<T>): Promise<T> {
  const target = resolve(out)
  if (await exists(target)) throw new TaskError('The folder exists already', target, 'Give --out a new folder.')
  await mkdir(dirname(target), { recursive: true })
  const partial = `${target}.${process.pid}.partial`
  await mkdir(partial)
  try {
    const result = await write(partial)
    await rename(partial, target)
    return result
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw error
  }
}
