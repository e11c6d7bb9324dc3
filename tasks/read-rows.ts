import { TrainingRow } from '../schemas/task.ts'
import { parseJson, parseList, parseWith } from './files/read-files.ts'

/** A JSON array of rows, or one row a line in a `.jsonl` file. Errors: `TaskError` that names the place. */
export function readRows(text: string, where: string): TrainingRow[] {
  if (!where.endsWith('.jsonl')) return parseList(TrainingRow, parseJson(text, where), where)
  const rows = text.split('\n').flatMap((line, index) => {
    const place = `${where}, line ${index + 1}`
    return line.trim() === '' ? [] : [parseWith(TrainingRow, parseJson(line, place), place)]
  })
  return parseList(TrainingRow, rows, where)
}
