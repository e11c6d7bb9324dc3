import { z } from 'zod'
import { TrainingRow } from '../schemas/task.ts'
import { parseJson, parseWith } from './read-files.ts'

/** A JSON array of rows, or one row a line in a `.jsonl` file. Errors: `TaskError` that names the place. */
export function readRows(text: string, where: string): TrainingRow[] {
  if (!where.endsWith('.jsonl')) return parseWith(z.array(TrainingRow).min(1), parseJson(text, where), where)
  const rows = text.split('\n').flatMap((line, index) => {
    const place = `${where}, line ${index + 1}`
    return line.trim() === '' ? [] : [parseWith(TrainingRow, parseJson(line, place), place)]
  })
  return parseWith(z.array(TrainingRow).min(1), rows, where)
}
