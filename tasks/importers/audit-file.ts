import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Item, SplitFile } from '../../schemas/task.ts'
import { LineWriter } from '../files/line-writer.ts'
import { TaskError } from '../task-error.ts'
import { ImportLog } from './import-log.ts'
import { toItem } from './import-plan.ts'
import type { Importer, ImportOptions, TaskProfile } from './importer.ts'
import { groupKey } from './item-table.ts'
import { DiskSet, fingerprint } from './scratch.ts'
import { taskFileNames } from './task-yaml.ts'

/** The questions of an audit file and the groups they stand in: no split may hold one of either. */
export type AuditKeys = { questions: DiskSet; groups: DiskSet }

export async function auditKeys(
  importer: Importer,
  file: string,
  options: ImportOptions,
  scratch: DatabaseSync,
): Promise<AuditKeys> {
  const keys = { questions: new DiskSet(scratch, 'audit_inputs'), groups: new DiskSet(scratch, 'audit_groups') }
  let count = 0
  const log = new ImportLog()
  for await (const item of importer.items(file, log, options)) {
    keys.questions.add(fingerprint(item.input.trim()))
    count += 1
    if (item.group !== null) keys.groups.add(groupKey(item))
  }
  if (count > 0) return keys
  const fix = log.firstReason('Give --audit a file in the same format.')
  throw new TaskError('The audit file has no question that could be read', file, fix)
}

/** Writes the audit split from a file of its own, in the importer's format. What it leaves out is added to the log. */
export async function writeAuditFile(
  importer: Importer,
  file: string,
  folder: string,
  profile: TaskProfile,
  options: ImportOptions,
  log: ImportLog,
  scratch: DatabaseSync,
): Promise<SplitFile> {
  const own = new ImportLog()
  const writer = new SplitWriter(folder, taskFileNames.audit)
  const seen = new DiskSet(scratch, 'audit_seen')
  try {
    for await (const entry of importer.items(file, own, options)) {
      const item = toItem(entry, profile)
      if (seen.add(fingerprint(item.input))) await writer.write({ ...item, id: `audit-${item.id}` })
      else own.drop(item.id, 'the question stands twice in the audit file')
    }
    for (const { where, why } of own.listed) log.drop(`audit: ${where}`, why)
    return await writer.close()
  } finally {
    writer.destroy()
  }
}

/** Writes the items of a split. */
export class SplitWriter {
  private readonly file: string
  private readonly lines: LineWriter

  constructor(folder: string, file: string) {
    this.file = file
    this.lines = new LineWriter(join(folder, file))
  }

  async write(item: Item): Promise<void> {
    await this.lines.write(JSON.stringify(item))
  }

  async close(): Promise<SplitFile> {
    const sha256 = await this.lines.close()
    return { file: this.file, sha256, count: this.lines.count }
  }

  /** Gives up the file. */
  destroy(): void {
    this.lines.destroy()
  }
}
