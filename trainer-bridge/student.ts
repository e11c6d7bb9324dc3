import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Student } from './job.ts'
import { provisionStudent, SetupError } from './provision/mod.ts'

type Setup = { home: string; python: string; onProgress: (line: string) => void; signal: AbortSignal }

/** The student, present and identified. Errors: SetupError when the path holds no model. */
export async function prepareStudent(choice: string, setup: Setup): Promise<Student> {
  if (choice === 'embedded') {
    const { path, sha256 } = await provisionStudent(setup)
    return { name: basename(path), path, sha256 }
  }
  const isPath = choice.startsWith('.') || choice.startsWith('/')
  if (!isPath) return { name: choice, path: choice, sha256: createHash('sha256').update(choice).digest('hex') }
  return { name: basename(choice), path: choice, sha256: await hashModel(choice) }
}

/** Hash over the model's files, names and contents, in name order. */
async function hashModel(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => null)
  if (!names?.includes('config.json')) {
    throw new SetupError(
      `The student ${folder} is not a folder with a transformers model: it has no config.json.`,
      'Give the folder that holds config.json and the weights, a hub name such as "org/model", or "embedded".',
    )
  }
  const hash = createHash('sha256')
  for (const name of names.sort()) {
    const path = join(folder, name)
    if (!(await stat(path)).isFile()) continue
    hash.update(name)
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  }
  return hash.digest('hex')
}
