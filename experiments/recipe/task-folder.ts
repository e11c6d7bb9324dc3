import { readFile, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { parseDocument } from 'yaml'
import { alikeTexts } from '../../agents/kit/dedup/near-duplicates.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { homeFolder } from '../../machine/folders.ts'
import { putInPlace } from '../../machine/state-file.ts'
import type { RecipeTask } from '../../schemas/recipe.ts'
import { maxSeeds, type Task } from '../../schemas/task.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { FileRefused, maxDataBytes, readRegular } from '../../tasks/files/regular-file.ts'
import type { ItemText } from '../../tasks/importers/item-table.ts'
import { importers, importSeeds, importTask, seedImporters } from '../../tasks/importers/mod.ts'
import { loadTask, TaskError } from '../../tasks/load.ts'
import { stageFile } from '../../tasks/staged-file.ts'
import { seedFaults } from '../checks/check-seeds.ts'
import { describeLog } from '../task-import-log.ts'
import type { Sources } from './sources.ts'

type Made = { id: string; sources: Sources; line: (text: string) => void }

/**
 * The task of an arm, made from the files that the user brings. Its folder is named by the task's hash, `<home>/tasks/<hash>/<id>`, so
 * equal files give the same folder and other ones another.
 * @throws UsageError, and TaskError for a source that cannot be used
 */
export async function recipeTask(recipe: RecipeTask, made: Made): Promise<Task> {
  const tasks = join(homeFolder(), 'tasks')
  await using making = await stageFile(join(tasks, 'making'))
  const folder = join(making.path, made.id)
  await importInto(folder, recipe, made)
  await lay(folder, recipe, made.sources)
  await cleanPool(await loadTask(folder), made)
  const { sha256 } = await loadTask(folder)
  const kept = join(tasks, sha256.slice(0, 12))
  await putInPlace(making.path, kept).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
  return await loadTask(join(kept, made.id))
}

async function importInto(folder: string, recipe: RecipeTask, { sources, line }: Made): Promise<void> {
  const { seed, audit, aside, options } = recipe
  const plan = { seed, audit, seeds: aside, options, alike: alikeTexts<ItemText>, signal: stopSignal() }
  const { log } = await importTask(named(importers, recipe.importer), sources[recipe.source]!, folder, plan)
  for (const text of describeLog(log)) line(`${recipe.source}: ${text}`)
  if (!recipe.seeds) return
  const { importer, source } = recipe.seeds
  const read = await importSeeds(
    named(seedImporters, importer),
    sources[source]!,
    join(folder, seedFile),
    seed,
    maxSeeds,
  )
  for (const text of describeLog(read)) line(`${source}: ${text}`)
}

const seedFile = 'seed-pool.json'

function named<T extends { name: string }>(all: readonly T[], name: string): T {
  const found = all.find((each) => each.name === name)
  if (found) return found
  throw new UsageError(`There is no importer named ${name}.`, `Known ones: ${all.map((each) => each.name).join(', ')}.`)
}

/** Writes into `task.yaml` what the recipe says otherwise than the importer. */
async function lay(folder: string, { rows, training, inference, seeds, reference }: RecipeTask, sources: Sources) {
  const path = join(folder, 'task.yaml')
  const document = parseDocument(await readFile(path, 'utf8'))
  for (const [key, value] of Object.entries(training)) document.setIn(['recipe', key], value)
  for (const [key, value] of Object.entries(inference)) document.setIn(['inference', key], value)
  if (rows) document.set('rows', rows)
  if (seeds) document.set('seed', seedFile)
  const copied = (source: string, name: string) => copyRows(sources[source]!, folder, name)
  if (typeof reference === 'string') document.set('reference', await copied(reference, 'reference'))
  else if (reference) {
    const files = reference.map(async (name) => ({ name, file: await copied(name, `reference-${name}`) }))
    document.set('reference', await Promise.all(files))
  }
  await writeFile(path, document.toString({ lineWidth: 120 }))
}

/** The name that a file of rows has in the task's folder. */
async function copyRows(from: string, folder: string, name: string): Promise<string> {
  const file = `${name}${extname(from)}`
  const rows = await readRegular(from, maxDataBytes()).catch((error: unknown) => {
    if (!(error instanceof FileRefused)) throw error
    throw new TaskError(`The rows are not read: ${error.what}`, from, error.fix)
  })
  await writeFile(join(folder, file), rows)
  return file
}

/** Takes the seeds out of a pool that contain a question of a split: of a published set nobody can be asked to. */
async function cleanPool(task: Task, { line }: Made): Promise<void> {
  const refused = new Set([...seedFaults(task)].map(({ text }) => text))
  if (!task.seed || refused.size === 0) return
  const kept = task.seeds.filter(({ text }) => !refused.has(text))
  const written = kept.map(({ text, skill }) => ({ question: text, ...(skill && { skill }) }))
  await writeFile(join(task.dir, task.seed), `${JSON.stringify(written, null, 2)}\n`)
  line(`seeds left out because they contain a question of a split: ${task.seeds.length - kept.length}`)
}
