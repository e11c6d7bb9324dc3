import { basename } from 'node:path'
import { fetchHubStudent, identityOf, provisionStudent, SetupError } from '../provision/mod.ts'
import type { Student } from './job.ts'
import { holdsModel, readStudentChoice } from './student-choice.ts'

type Setup = {
  home: string
  python: string
  onProgress: (line: string) => void
  signal: AbortSignal
  env?: NodeJS.ProcessEnv
}

/** Where a student lies on this machine, fetched where it was not there. Nothing large is read of a folder. Errors: SetupError. */
export async function ensureStudent(choice: string, setup: Setup): Promise<Omit<Student, 'sha256'>> {
  const read = readStudentChoice(choice)
  switch (read.kind) {
    case 'embedded': {
      const { path } = await provisionStudent(setup)
      return { name: basename(path), path }
    }
    case 'folder':
      checkStudentFolder(choice)
      return { name: basename(read.path), path: read.path }
    case 'hub':
      return { name: read.name, path: await fetchHubStudent(read, setup) }
    default:
      return read satisfies never
  }
}

/** Errors: SetupError when the choice is a folder that holds no model. */
export function checkStudentFolder(choice: string): void {
  const read = readStudentChoice(choice)
  if (read.kind !== 'folder' || holdsModel(read.path)) return
  throw new SetupError(
    `The student ${read.path} is not a folder with a transformers model: it has no config.json.`,
    'Give the folder that holds config.json and the weights, a hub name such as "org/model", or "embedded".',
  )
}

/** The student, present and identified by what it is, however it is named. Errors: SetupError. */
export async function prepareStudent(choice: string, setup: Setup): Promise<Student> {
  const student = await ensureStudent(choice, setup)
  return { ...student, sha256: await identityOf(student.path) }
}
