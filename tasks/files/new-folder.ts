import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { exists } from '../importers/source-file.ts'
import { stageFile } from '../staged-file.ts'
import { TaskError } from '../task-error.ts'

/**
 * Makes the folder `out` with what `write` puts into a folder beside it: it appears whole or not at all.
 * @throws TaskError for a folder that exists already, and those of `write`
 */
export async function newFolder<T>(out: string, write: (partial: string) => Promise<T>): Promise<T> {
  const target = resolve(out)
  if (await exists(target))
    throw new TaskError('The folder exists already', target, 'Name a folder that is not there yet.')
  await using staged = await stageFile(target)
  await mkdir(staged.path)
  const result = await write(staged.path)
  await staged.keep()
  return result
}
