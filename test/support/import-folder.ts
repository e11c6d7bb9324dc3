import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Item, Task } from '../../schemas/task.ts'
import { type ImportPlan, type ImportResult, importers, importTask } from '../../tasks/importers/mod.ts'
import { loadTask, TaskError } from '../../tasks/load.ts'

/** A folder of its own for a test of an importer, with sources in it and what was imported from them. */
export type ImportFolder = AsyncDisposable & {
  path: string
  /** Writes a source file: text and bytes as they are, an array as one JSON array, `lines` as JSON Lines. */
  put: (name: string, content: string | Uint8Array | readonly unknown[]) => Promise<string>
  /** Imports into a new folder. */
  import: (format: string, source: string, plan?: Partial<ImportPlan>) => Promise<Imported>
  /** Imports what must be refused; the error. Fails where something is left behind. */
  refused: (format: string, source: string, plan?: Partial<ImportPlan>) => Promise<TaskError>
}

export type Imported = ImportResult & {
  out: string
  task: Task
  items: Item[]
  read: <T>(file: string) => Promise<T>
  audit: () => Promise<Item[]>
}

export async function importFolder(): Promise<ImportFolder> {
  const path = await mkdtemp(join(tmpdir(), 'syllabus-import-'))
  let imports = 0
  const start = (format: string, source: string, out: string, plan: Partial<ImportPlan>) => {
    const importer = importers.find(({ name }) => name === format)!
    return importTask(importer, source, out, { seed: 1, audit: 0, seeds: 0, options: {}, alike: () => [], ...plan })
  }
  return {
    path,
    async put(name, content) {
      const file = join(path, name)
      await mkdir(dirname(file), { recursive: true })
      const isBytes = typeof content === 'string' || content instanceof Uint8Array
      await writeFile(file, isBytes ? content : JSON.stringify(content))
      return file
    },
    async import(format, source, plan = {}) {
      const out = join(path, 'out', `task-${imports++}`)
      const result = await start(format, source, out, plan)
      const task = await loadTask(out)
      const readText = (file: string) => readFile(join(out, file), 'utf8')
      return {
        ...result,
        out,
        task,
        items: [...task.validation, ...task.test],
        read: async (file) => JSON.parse(await readText(file)),
        audit: async () =>
          (await readText(task.splits.audit!.file))
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line)),
      }
    },
    async refused(format, source, plan = {}) {
      const before = await readdir(path, { recursive: true })
      const out = join(path, 'refused')
      const error = await start(format, source, out, plan).then(
        () => null,
        (reason: unknown) => reason,
      )
      if (!(error instanceof TaskError)) throw new Error('not refused as bad input', { cause: error })
      const after = await readdir(path, { recursive: true })
      if (after.length !== before.length)
        throw new Error(`left behind: ${after.filter((name) => !before.includes(name))}`)
      return error
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

/** Rows as JSON Lines. */
export function jsonLines(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

/** The groups of two lists of items that are in both. */
export function sharedGroups(a: readonly Item[], b: readonly Item[]): string[] {
  const groups = new Set(a.flatMap(({ group }) => group ?? []))
  return b.flatMap(({ group }) => (group !== undefined && groups.has(group) ? group : []))
}
