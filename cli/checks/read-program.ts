import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { rubricFileOf } from '../../schemas/rubric.ts'
import { UsageError } from '../errors.ts'

/** What a program file holds, JSON or YAML, not yet checked; a rubric that is a file's name is that file's text. Errors: UsageError. */
export async function readProgramFile(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new UsageError(`There is no program ${path}.`, 'Name an existing file, JSON or YAML.')
  })
  const written = parsed(path, text)
  if (typeof written !== 'object' || written === null || !('rubric' in written)) return written
  const { rubric } = written
  const file = typeof rubric === 'string' ? rubricFileOf(rubric) : null
  return file === null ? written : { ...written, rubric: await readRubric(join(dirname(path), file), path) }
}

async function readRubric(file: string, program: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `The program ${program} names the rubric ${file}, which cannot be read: ${error.code}.`,
      'Put the file beside the program, or write the rubric itself into it.',
    )
  })
}

function parsed(path: string, text: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    throw new UsageError(`The program ${path} is neither JSON nor YAML: ${(error as Error).message}`, 'Mend that line.')
  }
}
