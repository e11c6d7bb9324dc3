import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse as parseYaml } from 'yaml'
import type { z } from 'zod'
import { sha256 } from '../schemas/hash.ts'
import { inLines, parseInWords, placeOf } from '../schemas/issue-words.ts'
import type { Item, SplitFile } from '../schemas/task.ts'
import { Item as ItemSchema } from '../schemas/task.ts'
import { TaskError } from './task-error.ts'

/** Errors: `TaskError` when the file is missing, cannot be read or is not UTF-8. */
export async function readText(dir: string, file: string): Promise<string> {
  return (await readUtf8(dir, file)).toString()
}

async function readUtf8(dir: string, file: string): Promise<Buffer> {
  const path = join(dir, file)
  const bytes = await readFile(path).catch(({ code }: NodeJS.ErrnoException) => {
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new TaskError('A file of the task is missing', path, 'Add the file, or name the right one in task.yaml.')
    }
    throw new TaskError(`A file of the task cannot be read: ${code}`, path, 'Check its type and its permissions.')
  })
  if (!isUtf8(bytes)) throw new TaskError('A file of the task is not UTF-8', path, 'Save it again as UTF-8.')
  return bytes
}

/** Errors: `TaskError` naming the keys that do not fit, and what to write there. */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = parseInWords(schema, value)
  if ('value' in parsed) return parsed.value
  const [first, ...others] = parsed.faults
  const key = first!.path.length > 0 ? `${where}, key ${placeOf(first!.path)}` : where
  const what = [first!.words, ...inLines(others.slice(0, maxFaults - 1), 'the file')].join('; ')
  throw new TaskError(what, key, 'Correct the value; schemas/task.ts says what is accepted.')
}

/** Of one file, more faults than these are not told at once. */
const maxFaults = 5

/** Errors: `TaskError` with the parser's words. */
export function readYaml(text: string, where: string): unknown {
  try {
    return parseYaml(text)
  } catch (error) {
    throw new TaskError(`Not YAML: ${(error as Error).message}`, where, 'Correct the YAML.')
  }
}

/** Errors: `TaskError` with the parser's words. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (error) {
    throw new TaskError(`Not JSON: ${(error as Error).message}`, where, 'Correct the JSON.')
  }
}

/**
 * Reads a split, one item a line.
 * Errors: `TaskError` when its hash or count differ from what task.yaml says, or a line is no item.
 */
export async function readSplit(dir: string, { file, sha256: expected, count }: SplitFile): Promise<Item[]> {
  const bytes = await readUtf8(dir, file)
  const path = join(dir, file)
  const actual = sha256(bytes)
  if (actual !== expected) {
    const mend = `Restore the file, or, if the change is meant, write sha256: ${actual} in task.yaml.`
    throw new TaskError('The split is not the file that task.yaml names: its hash differs', path, mend)
  }
  const items: Item[] = []
  for (const line of linesOf(bytes)) {
    if (line.trim() === '') continue
    const where = `${path}, item ${items.length + 1}`
    items.push(parseWith(ItemSchema, parseJson(line, where), where))
  }
  if (items.length !== count) {
    throw new TaskError(`The split has ${items.length} items, not ${count}`, path, 'Correct count in task.yaml.')
  }
  return items
}

/** One at a time: of a large split, text and lines as a whole would be held beside the items. */
function* linesOf(bytes: Buffer): Generator<string> {
  for (let start = 0, end = 0; start < bytes.length; start = end + 1) {
    end = bytes.indexOf(10, start)
    if (end < 0) end = bytes.length
    yield bytes.toString('utf8', start, end)
  }
}
