import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { sha256 } from '../schemas/hash.ts'
import type { Student } from './job.ts'
import { provisionStudent, SetupError } from './provision/mod.ts'

type Setup = { home: string; python: string; onProgress: (line: string) => void; signal: AbortSignal }

const isFolder = (choice: string) => choice.startsWith('.') || choice.startsWith('/')

/** Fetches the embedded student, or checks that the folder named holds a model; nothing large is read. Errors: SetupError. */
export async function ensureStudent(choice: string, setup: Setup): Promise<void> {
  if (choice === 'embedded') await provisionStudent(setup)
  else await checkStudentFolder(choice)
}

/** Errors: SetupError when the choice is a folder that holds no model. */
export async function checkStudentFolder(choice: string): Promise<void> {
  if (isFolder(choice)) await modelFiles(choice)
}

/** The student, present and identified: a folder's weights are hashed. Errors: SetupError when the path holds no model. */
export async function prepareStudent(choice: string, setup: Setup): Promise<Student> {
  if (choice === 'embedded') {
    const { path, sha256 } = await provisionStudent(setup)
    return { name: basename(path), path, sha256 }
  }
  if (!isFolder(choice)) return { name: choice, path: choice, sha256: sha256(choice) }
  return { name: basename(choice), path: choice, sha256: await hashModel(choice) }
}

/** Names of what is in a model's folder, sorted. */
async function modelFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => null)
  if (names?.includes('config.json')) return names.sort()
  throw new SetupError(
    `The student ${folder} is not a folder with a transformers model: it has no config.json.`,
    'Give the folder that holds config.json and the weights, a hub name such as "org/model", or "embedded".',
  )
}

/** Hash over the model's files, names and contents, in name order. */
async function hashModel(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of await modelFiles(folder)) {
    const path = join(folder, name)
    if (!(await stat(path)).isFile()) continue
    hash.update(name)
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  }
  return hash.digest('hex')
}
