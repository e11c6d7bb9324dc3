import { asTaskError } from '../files/read-files.ts'
import { FileRefused, fileInside } from '../files/regular-file.ts'
import { TaskError } from '../task-error.ts'

const dataEndings = ['.json', '.jsonl', '.parquet', '.csv']

/** The names of each part, without their ending, in the order of the search. The paper gives the first of each; of the two tests none. */
const places = {
  description: { names: ['description'], endings: ['.md'] },
  trainConfig: { names: ['train_config'], endings: ['.yaml', '.yml'] },
  sample: { names: ['sample_submission'], endings: ['.json'] },
  fewShot: { names: ['seed/few_shot', 'few_shot'], endings: ['.json', '.jsonl'] },
  seed: { names: ['seed/seed', 'seed'], endings: ['.json', '.jsonl'] },
  publicTest: {
    names: inFolders(['public_test', 'test_public', 'public', 'validation'], 'public'),
    endings: dataEndings,
  },
  privateTest: {
    names: inFolders(['private_test', 'test_private', 'private', 'test'], 'private'),
    endings: dataEndings,
  },
  audit: { names: inFolders(['audit'], 'private'), endings: dataEndings },
  script: { names: ['scorer', 'evaluator', 'evaluate'], endings: ['.js'] },
} as const
type Part = keyof typeof places

function inFolders(names: string[], own: string): string[] {
  return ['', 'data/', `${own}/`, 'test/'].flatMap((folder) => names.map((name) => `${folder}${name}`))
}

function candidates(part: Part): string[] {
  const { names, endings } = places[part]
  return names.flatMap((name) => endings.map((ending) => `${name}${ending}`))
}

/**
 * The path of a part, relative to the folder, or null where it is not there.
 * @throws TaskError for a link, and for what is no regular file
 */
export async function findPart(dir: string, part: Part): Promise<string | null> {
  for (const path of candidates(part)) if (await isInside(dir, path)) return path
  return null
}

/**
 * As `findPart`.
 * @throws TaskError that names what was looked for
 */
export async function needPart(dir: string, part: Part): Promise<string> {
  const path = await findPart(dir, part)
  if (path !== null) return path
  throw new TaskError(
    `The task folder of the paper's form has no ${part}`,
    dir,
    `Add it under one of these names: ${candidates(part).join(', ')}; or write a task.yaml (syllabus task init).`,
  )
}

async function isInside(dir: string, path: string): Promise<boolean> {
  return fileInside(dir, path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof FileRefused && error.isMissing) return false
      throw asTaskError(error)
    },
  )
}
