import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RetentionFile, type RetentionSet, type Task } from '../schemas/task.ts'
import { checkGold, splitsOf } from './check-items.ts'
import { normaliseInput } from './draws.ts'
import { parseWith, readSplit, readText, readYaml } from './files/read-files.ts'
import { readScorer } from './read-scorer.ts'
import { openTaskScorer } from './score-with.ts'
import { TaskError } from './task-error.ts'

/**
 * Reads the retention set that `file` describes.
 * @throws TaskError as of a split and a scorer
 */
export async function readRetention(dir: string, file: RetentionFile, where: string): Promise<RetentionSet> {
  const scorer = await readScorer(dir, file.scorer, `${where}.scorer`)
  return { ...file, scorer, items: await readSplit(dir, file) }
}

const bundledFolder = fileURLToPath(new URL('./retention', import.meta.url))

/** The set that comes with the project: short questions that a small instruction-tuned student answers. */
export async function bundledRetention(): Promise<RetentionSet> {
  const path = join(bundledFolder, 'retention.yaml')
  const file = parseWith(RetentionFile, readYaml(await readText(bundledFolder, 'retention.yaml'), path), path)
  return readRetention(bundledFolder, file, path)
}

/**
 * The task's own retention set, or the bundled one.
 * @throws TaskError when it is not outside the task's skills, or a gold scores 0
 */
export async function retentionOf(task: Task): Promise<RetentionSet> {
  const set = task.retentionSet ?? (await bundledRetention())
  const where = task.retentionSet ? join(task.dir, set.file) : join(bundledFolder, set.file)
  const skills = new Set(task.skills.map(({ name }) => name))
  const asked = new Map(
    splitsOf(task).flatMap(([{ file }, items]) =>
      items.map((item) => [normaliseInput(item.input), `${file}, item ${item.id}`]),
    ),
  )
  const scorer = openTaskScorer(set.scorer)
  const ids = new Set<string>()
  for (const item of set.items) {
    const place = `${where}, item ${item.id}`
    const twin = asked.get(normaliseInput(item.input))
    if (twin) throw new TaskError('A retention item asks what the task asks', `${place} and ${twin}`, fix)
    if (skills.has(item.skill)) throw new TaskError(`A retention item has the task's skill "${item.skill}"`, place, fix)
    if (ids.has(item.id)) throw new TaskError('The same id stands twice', place, 'Give each item an id of its own.')
    ids.add(item.id)
    await checkGold(item, place, scorer)
  }
  return set
}

const fix =
  'Name items outside all skills under retention in task.yaml, or write run.evidence.retention: false in the topology.'
