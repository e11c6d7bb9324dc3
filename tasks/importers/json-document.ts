import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { parseJson } from '../../schemas/bounded-json.ts'
import { TaskError } from '../task-error.ts'
import { maxLineBytes } from './read-lines.ts'

/** A record of its own may hold a list of a few objects. */
const fewestRecords = 10

/** Errors: `TaskError` for a file that is one JSON object over several lines; any other is left to be read by its lines. */
export async function refuseDocument(path: string): Promise<void> {
  if ((await stat(path)).size > maxLineBytes) return
  let document: unknown
  try {
    document = parseJson((await readFile(path, 'utf8')).replace(/^\ufeff/, ''))
  } catch {
    return
  }
  refuseWrapped(document as Record<string, unknown>, path)
  throw new TaskError('The file is one JSON object over several lines', path, 'Write one object a line, or an array.')
}

/** Errors: `TaskError` for the one object of a file, where its records lie in an array inside. */
export function refuseWrapped(value: Record<string, unknown>, path: string): void {
  const key = Object.keys(value).find((name) => isRecords(value[name]))
  if (key === undefined) return
  const mend = `Write that array alone into a file: jq '.[${JSON.stringify(key)}]' ${basename(path)}`
  throw new TaskError(`The file is one JSON object; its records lie in the array "${key}"`, path, mend)
}

const isRecords = (member: unknown): boolean =>
  Array.isArray(member) && member.length >= fewestRecords && typeof member[0] === 'object' && member[0] !== null
