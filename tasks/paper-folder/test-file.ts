import { basename } from 'node:path'
import { sha256 } from '../../schemas/hash.ts'
import type { Item } from '../../schemas/task.ts'
import { ImportLog } from '../importers/import-log.ts'
import { toItem } from '../importers/import-plan.ts'
import { groupOf, type SourceItem, skillName } from '../importers/importer.ts'
import { importers } from '../importers/list.ts'
import { recordFormOf } from '../importers/record-form.ts'
import { readRecords } from '../importers/records.ts'
import { TaskError } from '../task-error.ts'

/** What a test file is read as. */
export type TestFileReading = { split: string; scorer: string; instruction: string }

/**
 * The items of a test file: by the importer of the scorer's benchmark where the file has its fields, else by the usual names of
 * columns. Repeats of a question are left out; `notes` says how many.
 * @throws TaskError for a record that cannot be read
 */
export async function readTestFile(
  path: string,
  reading: TestFileReading,
): Promise<{ items: Item[]; notes: string[] }> {
  const { drafts, log } = await readDrafts(path, reading)
  const [first] = log.listed
  if (first !== undefined || drafts.length === 0) {
    const fix = 'Give every record a question and an answer; docs/add-a-task.md says under which names.'
    const where = first ? `${path}, ${first.where}: ${first.why}` : path
    throw new TaskError(`Of ${log.read} records of the test only ${drafts.length} could be read`, where, fix)
  }
  const seen = new Set<string>()
  const once = drafts.filter(({ input }) => !seen.has(input) && seen.add(input))
  // Importers of one file call a skill that they are not given after the file.
  const unnamed = skillName(basename(path).replace(/\.\w+$/, ''))
  const items = once.map((draft): Item => {
    const skill = draft.skill === unnamed ? 'all' : draft.skill
    const key = `question:${sha256(draft.input.trim()).slice(0, 24)}`
    return toItem({ ...draft, id: `${reading.split}-${draft.id}`, skill, key }, reading)
  })
  const repeats = drafts.length - once.length
  return { items, notes: repeats > 0 ? [`${basename(path)}: ${repeats} repeats of a question were left out.`] : [] }
}

async function readDrafts(path: string, reading: TestFileReading): Promise<{ drafts: SourceItem[]; log: ImportLog }> {
  const importer = importers.find(({ name }) => name === reading.scorer)
  const log = new ImportLog()
  const drafts = importer ? await Array.fromAsync(importer.items(path, log, {})) : []
  if (drafts.length > 0) return { drafts, log }
  const generic = new ImportLog()
  return { drafts: await Array.fromAsync(genericDrafts(path, generic, reading)), log: generic }
}

const skillColumns = ['skill', 'category', 'topic', 'subject', 'level', 'difficulty']

const text = (value: unknown): string =>
  typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : ''

function groupIn(row: Record<string, unknown>, context: string | null): string | null {
  const named = text(row.group) || text(row.question_id)
  if (named !== '') return `group:${named}`
  return context === null ? null : groupOf('context', context)
}

/** Questions in any form of records that is known, with skill and group where a row says them. */
async function* genericDrafts(
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
