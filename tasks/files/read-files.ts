import { join } from 'node:path'
import { z } from 'zod'
import * as json from '../../schemas/bounded-json.ts'
import { sha256 } from '../../schemas/hash.ts'
import { plural } from '../../schemas/number-text.ts'
import { halfCharacterIn } from '../../schemas/printable.ts'
import type { Item, SplitFile } from '../../schemas/task.ts'
import { Item as ItemSchema } from '../../schemas/task.ts'
import { inLines, parseWithFaults, placeOf } from '../../schemas/validation-errors.ts'
import { TaskError } from '../task-error.ts'
import { parseYaml } from './bounded-yaml.ts'
import { FileRefused, maxDataBytes, maxTextBytes, readInside, utf8TextOf } from './regular-file.ts'

/**
 * A text that a person wrote, of a folder that may be a stranger's.
 * @throws TaskError when the file is missing, is a link or no regular file, cannot be read, is too large, is not UTF-8 or is no text
 */
export async function readText(dir: string, file: string, maxBytes = maxTextBytes): Promise<string> {
  return (await readUtf8(dir, file, maxBytes)).text
}

/**
 * A file of rows, seeds or other records.
 * @throws as `readText`
 */
export const readData = (dir: string, file: string): Promise<string> => readText(dir, file, maxDataBytes())

async function readUtf8(dir: string, file: string, maxBytes: number): Promise<{ bytes: Buffer; text: string }> {
  try {
    const bytes = await readInside(dir, file, maxBytes)
    return { bytes, text: utf8TextOf(bytes, join(dir, file)) }
  } catch (error) {
    throw asTaskError(error)
  }
}

/** What keeps a file of a task folder from being read, as the task's error; any other error as it is. */
export function asTaskError(error: unknown): unknown {
  if (!(error instanceof FileRefused)) return error
  if (error.isMissing) {
    const fix = 'Add the file, or name the right one in task.yaml.'
    return new TaskError('A file of the task is missing', error.where, fix)
  }
  return new TaskError(`A file of the task is not read: ${error.what}`, error.where, error.fix)
}

/** @throws TaskError naming the keys that do not fit, and what to write there */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = parseWithFaults(schema, value)
  if ('value' in parsed) return parsed.value
  const [first, ...others] = parsed.faults
  const key = first!.path.length > 0 ? `${where}, key ${placeOf(first!.path)}` : where
  const what = [first!.words, ...inLines(others.slice(0, maxFaults - 1), 'the file')].join('; ')
  throw new TaskError(what, key, 'Correct the value; schemas/task.ts says what is accepted.')
}

/**
 * A list with something in it. One whose every part is wrong has as many faults as parts: no more is looked at than is reported.
 * @throws as `parseWith`
 */
export function parseList<T>(schema: z.ZodType<T>, value: unknown, where: string): T[] {
  const list = z.array(schema).min(1)
  const firstWrong = Array.isArray(value) ? value.findIndex((part) => !schema.safeParse(part).success) : -1
  return parseWith(list, firstWrong < 0 ? value : (value as unknown[]).slice(0, firstWrong + maxFaults), where)
}

/** Of one file, more faults than these are not reported at once. */
const maxFaults = 5
/** Items that are named of those with one fault. */
const maxNamed = 20

/** @throws TaskError with the parser's words */
export function readYaml(text: string, where: string): unknown {
  return whole(
    parsed(() => parseYaml(text), 'YAML', where),
    where,
  )
}

/** @throws TaskError with the parser's words */
export const parseJsonAt = (text: string, where: string): unknown => whole(parseLine(text, where), where)

const parseLine = (text: string, where: string): unknown =>
  parsed(() => json.parseJson(text.replace(/^\ufeff/, '')), 'JSON', where)

function parsed(parse: () => unknown, language: string, where: string): unknown {
  try {
    return parse()
  } catch (error) {
    throw new TaskError(
      `Not ${language}: ${(error as Error).message}`,
      where,
      `Correct the ${language}.${language === 'YAML' ? ' A text with a colon in it wants quotation marks around it.' : ''}`,
    )
  }
}

/** @throws TaskError for a value with a text that no student's tokenizer takes */
function whole(value: unknown, where: string): unknown {
  const half = halfCharacterIn(value)
  if (half === null) return value
  throw halfCharacter(
    'A text holds half of a character (a lone surrogate)',
    half === '' ? where : `${where}, key ${half}`,
  )
}

const halfCharacter = (what: string, where: string) =>
  new TaskError(what, where, 'Write the whole character, such as \\ud83d\\ude00, or leave it out.')

/**
 * Reads a split, one item a line.
 * @throws TaskError when its hash or count differ from what task.yaml says, or a line is no item
 */
export async function readSplit(dir: string, { file, sha256: expected, count }: SplitFile): Promise<Item[]> {
  const { bytes } = await readUtf8(dir, file, maxDataBytes())
  const path = join(dir, file)
  const actual = sha256(bytes)
  if (actual !== expected) {
    const fix = `Restore the file, or, if the change is meant, write sha256: ${actual} in task.yaml.`
    throw new TaskError('The split is not the file that task.yaml names: its hash differs', path, fix)
  }
  const items: Item[] = []
  const halves: string[] = []
  for (const line of linesOf(bytes)) {
    if (line.trim() === '') continue
    const where = `${path}, item ${items.length + 1}`
    const item = parseWith(ItemSchema, parseLine(line, where), where)
    items.push(item)
    const half = halfCharacterIn(item)
    if (half !== null) halves.push(`${item.id.toWellFormed()} (${half})`)
  }
  if (halves.length > 0) {
    const shown = halves.slice(0, maxNamed).join(', ')
    const more = halves.length > maxNamed ? ` and ${halves.length - maxNamed} more` : ''
    throw halfCharacter(`Items hold half of a character (a lone surrogate): ${shown}${more}`, path)
  }
  if (items.length !== count)
    throw new TaskError(
      `The split has ${items.length} ${plural(items.length, 'item')}, not ${count}`,
      path,
      'Correct count in task.yaml.',
    )
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
