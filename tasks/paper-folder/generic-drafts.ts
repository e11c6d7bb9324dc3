import { column } from '../importers/columns.ts'
import type { ImportLog } from '../importers/import-log.ts'
import { type DraftItem, groupOf, skillName } from '../importers/importer.ts'
import { readRecords } from '../importers/records.ts'

const skillColumns = ['skill', 'category', 'topic', 'subject', 'level', 'difficulty']

const text = (value: unknown): string =>
  typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : ''

/** The shared context of a row: `''` and the text `[]` are none. */
function contextOf(row: Record<string, unknown>): string | null {
  const context =
    typeof row.context === 'object' && row.context !== null ? JSON.stringify(row.context) : text(row.context)
  return ['', '[]', '{}'].includes(context) ? null : context
}

function groupIn(row: Record<string, unknown>, context: string | null): string | null {
  const named = text(row.group) || text(row.question_id)
  if (named !== '') return `group:${named}`
  return context === null ? null : groupOf('context', context)
}

/** Questions under the usual names of columns, with context, skill and group where a row says them. */
export async function* genericDrafts(path: string, log: ImportLog): AsyncGenerator<DraftItem> {
  for await (const record of readRecords(path)) {
    log.read += 1
    if ('problem' in record) {
      log.drop(record.where, record.problem)
      continue
    }
    const row = record.value
    // A row in the paper's form has its question under `input`.
    const named = text(row.instruction) !== '' && text(row.input) !== '' ? { question: 'input' } : {}
    const [question, answer] = [column(row, 'question', named), column(row, 'answer', {})]
    const context = contextOf(row)
    const skill = skillColumns.map((name) => text(row[name])).find((name) => name !== '')
    if (question === '') log.drop(record.where, 'no question')
    else if (answer === '') log.drop(record.where, 'no answer')
    else {
      const id = text(row.id) || record.where
      const input = context === null ? question : `Context:\n${context}\n\nQuestion: ${question}`
      yield { id, skill: skillName(skill ?? 'all'), group: groupIn(row, context), input, answer, key: `row:${id}` }
    }
  }
}
