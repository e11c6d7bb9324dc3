import { rm } from 'node:fs/promises'
import { plural } from '../../schemas/number-text.ts'
import type { SplitFile } from '../../schemas/task.ts'
import { LineWriter } from '../files/line-writer.ts'
import { newFolder } from '../files/new-folder.ts'
import { TaskError } from '../task-error.ts'
import { assignSplits, type ItemUse } from './assign-splits.ts'
import { ImportLog } from './import-log.ts'
import { ItemTable } from './item-table.ts'
import { loggedRecords } from './records.ts'
import { DiskSet, fingerprint, openScratch } from './scratch.ts'

/** Shares of validation and test, items of the audit, and the fields by which a group stays together and strata are distinguished. */
export type RecordPlan = {
  seed: number
  validation: number
  test: number
  audit: number
  group?: string
  stratify?: string
}

const splitNames = ['validation', 'test', 'audit'] as const
type SplitName = (typeof splitNames)[number]
export type SplitResult = { log: ImportLog; splits: Partial<Record<SplitName, SplitFile>> }

/**
 * Divides the records of some files as an import divides questions: by group, stratified, the same for the same seed whatever their
 * order, in constant memory. A record that stands twice is left out.
 * @throws TaskError for a file that cannot be read, a record without a field that was named, a folder that exists already, and too few
 * groups to divide
 */
export async function splitRecords(files: readonly string[], out: string, plan: RecordPlan): Promise<SplitResult> {
  return newFolder(out, async (partial) => {
    const result = await writeSplits(files, partial, plan)
    await rm(`${partial}/scratch.sqlite`)
    return result
  })
}

async function writeSplits(files: readonly string[], folder: string, plan: RecordPlan): Promise<SplitResult> {
  using scratch = openScratch(`${folder}/scratch.sqlite`)
  const log = new ImportLog()
  const table = new ItemTable(scratch, plan.seed)
  const seen = new DiskSet(scratch, 'inputs')
  for await (const { where, line, record } of eachRecord(files, log)) {
    const mark = fingerprint(line)
    const isNew = seen.add(mark)
    if (isNew) log.kept += 1
    else log.drop(where, 'the record stands twice')
    const group = fieldOf(record, plan.group, where)
    const skill = fieldOf(record, plan.stratify, where) ?? 'all'
    table.add(isNew ? { id: String(mark), group, skill, input: '', answer: '' } : null)
  }
  const { audit, validation, test } = plan
  const division = assignSplits(table, {
    audit,
    examples: 0,
    seeds: 0,
    validationShare: validation / (validation + test),
  })
  if (division.counts.validation === 0 || division.counts.test === 0) {
    const what = `${log.kept} records in ${division.groups} ${plural(division.groups, 'group')} are too few to divide`
    throw new TaskError(what, files.join(', '), 'Give more records or more groups, or ask for a smaller audit.')
  }
  return { log, splits: await write(files, folder, division.roles()) }
}

/** Second walk: each record goes, as it was read, to the file of its split. */
async function write(
  files: readonly string[],
  folder: string,
  roles: Generator<ItemUse>,
): Promise<SplitResult['splits']> {
  const writers: Partial<Record<SplitName, LineWriter>> = {}
  try {
    for await (const { line } of eachRecord(files, new ImportLog())) {
      const role = roles.next()
      const name = splitNames.find((each) => each === role.value)
      if (name === undefined) continue
      writers[name] ??= new LineWriter(`${folder}/${name}.jsonl`)
      await writers[name].write(line)
    }
    const splits: SplitResult['splits'] = {}
    for (const name of splitNames) {
      const writer = writers[name]
      if (writer) splits[name] = await writer.close()
    }
    return splits
  } finally {
    for (const writer of Object.values(writers)) writer.destroy()
  }
}

type Read = { where: string; line: string; record: Record<string, unknown> }

async function* eachRecord(files: readonly string[], log: ImportLog): AsyncGenerator<Read> {
  for (const file of files) {
    for await (const { where, value } of loggedRecords(file, log))
      yield { where, line: JSON.stringify(value), record: value }
  }
}

function fieldOf(record: Record<string, unknown>, name: string | undefined, where: string): string | null {
  const value = name === undefined ? undefined : record[name]
  if (name === undefined) return null
  if (typeof value === 'string' && value !== '') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new TaskError(
    `The record has no field ${name} that is a text or a number`,
    where,
    'Fill it in, or name another field.',
  )
}
