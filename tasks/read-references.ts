import { join } from 'node:path'
import type { Reference, TaskFile } from '../schemas/task.ts'
import { readData } from './files/read-files.ts'
import { readRows } from './read-rows.ts'

/** The references of a task in their order, and the text of each file; of a task without one, one empty text. Errors: `TaskError`. */
export async function readReferences(
  dir: string,
  named: TaskFile['reference'],
): Promise<{ texts: string[]; references: Reference[] }> {
  if (named === undefined) return { texts: [''], references: [] }
  const files =
    typeof named === 'string'
      ? [{ arm: 'reference' as const, file: named }]
      : named.map(({ name, file }) => ({ arm: `reference-${name}` as const, file }))
  const texts = await Promise.all(files.map(({ file }) => readData(dir, file)))
  return {
    texts,
    references: files.map(({ arm, file }, index) => ({ arm, rows: readRows(texts[index]!, join(dir, file)) })),
  }
}
