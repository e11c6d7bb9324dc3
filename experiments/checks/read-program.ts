import { dirname } from 'node:path'
import { rubricFileOf } from '../../schemas/rubric.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { readNamedFile, readYamlText } from '../../tasks/files/read-named-file.ts'
import { FileRefused, readInside } from '../../tasks/files/regular-file.ts'

/** What a program file holds, JSON or YAML, not yet checked; a rubric that is a file's name is that file's text. Errors: UsageError. */
export async function readProgramFile(path: string): Promise<unknown> {
  const text = await readNamedFile(path, 'program', 'Name an existing file, JSON or YAML.')
  const written = readYamlText(text, path, 'program', 'neither JSON nor YAML')
  if (typeof written !== 'object' || written === null || !('rubric' in written)) return written
  const { rubric } = written
  const file = typeof rubric === 'string' ? rubricFileOf(rubric) : null
  return file === null ? written : { ...written, rubric: await readRubric(dirname(path), file, path) }
}

/** Whoever wrote the program says what is read: a file of its own folder, and nothing that lies elsewhere. */
async function readRubric(folder: string, file: string, program: string): Promise<string> {
  return readInside(folder, file).then(String, (error: unknown) => {
    if (!(error instanceof FileRefused)) throw error
    throw new UsageError(
      `The program ${program} names the rubric ${error.path}, which cannot be read: ${error.message}.`,
      'Put the file itself beside the program, or write the rubric into it.',
    )
  })
}
