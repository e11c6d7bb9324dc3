import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { sha256 } from '../schemas/hash.ts'
import { PublicTask, type Task } from '../schemas/task.ts'
import { checkDisjoint, checkItem, splitsOf } from './check-items.ts'
import { readTaskFolder, type TaskParts, taskFileName } from './read-task-folder.ts'
import { openTaskScorer } from './score-with.ts'
import { TaskError } from './task-error.ts'

export { TaskError } from './task-error.ts'

/** `scorer` is for a folder in the paper's form: the name of a scorer, or a JavaScript file in the folder. */
export type LoadOptions = { scorer?: string }

/**
 * Loads a task folder, one with a task.yaml or one in the paper's form, without checking its items against each other and the
 * scorer.
 * @throws TaskError on a missing file, a key that does not fit, an unknown scorer, a split whose hash or count differs, and a seed that
 * carries its answer
 */
export async function readTask(folder: string, { scorer }: LoadOptions = {}): Promise<Task> {
  const dir = resolve(folder)
  const isPapers = isPaperFolder(dir)
  if (scorer !== undefined && !isPapers)
    throw new TaskError('--scorer is for a folder without task.yaml', join(dir, taskFileName), 'Name the scorer there.')
  const { file, hashes, ...parts } = isPapers ? await readPaperTask(dir, scorer) : await readTaskFolder(dir)
  return { ...file, ...parts, dir, sha256: sha256(hashes.join('\n')) }
}

/** Whether a folder is one in the paper's form: a description.md, and no task.yaml. */
const isPaperFolder = (dir: string): boolean =>
  !existsSync(join(dir, taskFileName)) && existsSync(join(dir, 'description.md'))

/** Its reader loads all importers, which no other folder needs. */
async function readPaperTask(dir: string, scorer: string | undefined): Promise<TaskParts> {
  const { readPaperFolder } = await import('./paper-folder/read.ts')
  return readPaperFolder(dir, scorer)
}

/**
 * Loads a task folder and checks all of it, so that nothing fails later in a run.
 * @throws TaskError as `readTask`, and on splits that share a core or a question, and a gold answer that scores 0 against itself
 */
export async function loadTask(folder: string, options: LoadOptions = {}): Promise<Task> {
  const task = await readTask(folder, options)
  const scorer = openTaskScorer(task.scorer)
  for (const [{ file }, items] of splitsOf(task)) for (const item of items) await checkItem(task, item, file, scorer)
  checkDisjoint(task)
  return task
}

/** All of a task that an agent may be sent: no test item, no test answer, no path of this machine. */
export const publicView = (task: Task): PublicTask => PublicTask.strip().parse(task)
