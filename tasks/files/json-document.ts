import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { isObject, jsonOrNull } from '../../schemas/bounded-json.ts'
import { TaskError } from '../task-error.ts'
import { maxLineBytes } from './read-lines.ts'

/** A record of its own may hold a list of a few objects. */
const fewestRecords = 10

type Json = Record<string, unknown>

const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : [])

/**
 * The questions of a record that holds several, each with its text, as SQuAD and DROP are published: an article's `paragraphs` with their
 * `qas`, a passage with its `qa_pairs`. Null for a record that is one question.
 */
export function questionsIn(record: Json): Json[] | null {
  const { paragraphs, qa_pairs: pairs, title, passage } = record
  if (objects(paragraphs).some(({ qas }) => Array.isArray(qas)))
    return objects(paragraphs).flatMap(({ context, qas }) => objects(qas).map((qa) => ({ title, context, ...qa })))
  return typeof passage === 'string' && Array.isArray(pairs)
    ? objects(pairs).map((pair) => ({ passage, ...pair }))
    : null
}

/** The same of the one object of a file: SQuAD's `data`, or DROP's passages under their names. */
export function questionListOf(document: Json): Json[] | null {
  const members = Array.isArray(document.data) ? objects(document.data) : objects(Object.values(document))
  const found = members.map(questionsIn)
  return found.length > 0 && found.every((questions) => questions !== null) ? found.flat() : null
}

/**
 * The questions of a file that is one JSON object over several lines; null for a file that is none, which is left to be read by its lines.
 * @throws TaskError where they are of no form that is known
 */
export async function documentQuestions(path: string): Promise<Json[] | null> {
  if ((await stat(path)).size > maxLineBytes) return null
  const document = jsonOrNull(await readFile(path, 'utf8').catch(() => '')) as Json | null
  if (document === null) return null
  const questions = questionListOf(document)
  if (questions) return questions
  refuseWrapped(document, path)
  throw new TaskError('The file is one JSON object over several lines', path, 'Write one object a line, or an array.')
}

/** @throws TaskError for the one object of a file, where its records lie in an array inside */
export function refuseWrapped(value: Json, path: string): void {
  const key = Object.keys(value).find((name) => isRecords(value[name]))
  if (key === undefined) return
  const fix = `Write that array alone into a file: jq '.[${JSON.stringify(key)}]' ${basename(path)}`
  throw new TaskError(`The file is one JSON object; its records lie in the array "${key}"`, path, fix)
}

const isRecords = (member: unknown): boolean =>
  Array.isArray(member) && member.length >= fewestRecords && typeof member[0] === 'object' && member[0] !== null
