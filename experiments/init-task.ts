import { readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { alikeTexts } from '../agents/kit/dedup/near-duplicates.ts'
import { plural } from '../schemas/number-text.ts'
import { type ImportResult, importTask } from '../tasks/importers/import-task.ts'
import type { ImportOptions } from '../tasks/importers/importer.ts'
import type { ItemText } from '../tasks/importers/item-table.ts'
import { importers } from '../tasks/importers/list.ts'
import { lookAt, ownImporter, ownOptions, ownSizes } from '../tasks/importers/own-task.ts'
import { starterImporter } from '../tasks/importers/starter.ts'
import { type Todo, todosIn } from '../tasks/todo-lines.ts'

export type InitPlan = {
  seed: number
  audit: number
  seeds: number
  /** Of validation and test together at most; left out: as many as the machine answers in minutes. */
  items?: number | undefined
  options: ImportOptions
  hasGpu: boolean
  signal: AbortSignal
}

/**
 * What was begun. `file`: the task.yaml, of which `todos` are still to be written; `labels`: the answers, where each is one of a few;
 * `spellings`: how else the file writes them, with the label that was taken.
 */
export type InitResult = ImportResult & {
  file: string
  todos: Todo[]
  labels: readonly string[]
  spellings: Readonly<Record<string, string>>
}

/** A run answers the test four times at least: minutes on two cores. More items make intervals little narrower. */
const mostItems = { processor: 800, gpu: 4000 } as const

/**
 * Begins a task folder with a person's own file, or with a few sums: what follows from the data and the machine is written, and what only a
 * person knows is marked.
 * @throws TaskError
 */
export async function initTask(dir: string, from: string | undefined, plan: InitPlan): Promise<InitResult> {
  const { options, hasGpu, items = mostItems[hasGpu ? 'gpu' : 'processor'], ...division } = plan
  const read = from === undefined ? starterImporter : importers.find(({ name }) => name === 'jsonl')!
  const source = from ?? ''
  const look = await lookAt(read, source, options)
  const importer = ownImporter(read, look, basename(resolve(dir)))
  const own = { options: await ownOptions(options, source, look), sizes: ownSizes(look, hasGpu) }
  const result = await importTask(importer, source, dir, {
    ...division,
    ...own,
    evaluated: items,
    alike: alikeTexts<ItemText>,
  })
  const file = join(dir, 'task.yaml')
  return {
    ...result,
    file,
    todos: todosIn(await readFile(file, 'utf8')),
    labels: look.labels,
    spellings: Object.fromEntries(look.spellings),
  }
}

/** What to do next, by line number. */
export function nextSteps(dir: string, { file, todos }: Pick<InitResult, 'file' | 'todos'>): string {
  const lines = todos.map(({ line, key }) => `${line} (${key})`).join(', ')
  const write = todos.length === 0 ? '' : `in ${file}, write ${plural(todos.length, 'line')} ${lines}; then: `
  return `Next: ${write}npx syllabus task check ${dir}`
}
