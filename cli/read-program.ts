import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { UsageError } from './errors.ts'

/** What a program file holds, JSON or YAML, not yet checked. Errors: UsageError. */
export async function readProgramFile(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new UsageError(`There is no program ${path}.`, 'Name an existing file, JSON or YAML.')
  })
  try {
    return parse(text)
  } catch (error) {
    throw new UsageError(`The program ${path} is neither JSON nor YAML: ${(error as Error).message}`, 'Mend that line.')
  }
}
