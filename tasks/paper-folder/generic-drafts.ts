import type { ImportLog } from '../importers/import-log.ts'
import { groupOf, type SourceItem, skillName } from '../importers/importer.ts'
import { recordFormOf } from '../importers/record-form.ts'
import { readRecords } from '../importers/records.ts'

const skillColumns = ['skill', 'category', 'topic', 'subject', 'level', 'difficulty']

const text = (value: unknown): string =>
  typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : ''

function groupIn(row: Record<string, unknown>, context: string | null): string | null {
  const named = text(row.group) || text(row.question_id)
  if (named !== '') return `group:${named}`
  return context === null ? null : groupOf('context', context)
}

/** Questions in any form of records that is known, with skill and group where a row says them. */
export async function* genericDrafts(
  path: string,
  log: ImportLog,
  options: { scorer: string; instruction: string },
): AsyncGenerator<SourceItem> {
  const form = await recordFormOf(path, options)
  for await (const record of readRecords(path)) {
    log.read += 1
    const read = 'problem' in record ? record.problem : form.read(record.value)
    if ('problem' in record || typeof read === 'string') {
      log.drop(record.where, String(read))
      continue
    }
    const row = record.value
    const skill = skillColumns.map((name) => text(row[name])).find((name) => name !== '')
    const id = text(row.id) || record.where
    const [answer, ...alternatives] = read.golds
    const group = groupIn(row, read.context)
    yield { id, skill: skillName(skill ?? 'all'), group, input: read.question, answer, alternatives, key: `row:${id}` }
  }
}
