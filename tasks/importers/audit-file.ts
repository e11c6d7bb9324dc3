import { join } from 'node:path'
import type { SplitFile } from '../../schemas/task.ts'
import { LineWriter } from '../files/line-writer.ts'
import { TaskError } from '../task-error.ts'
import { ImportLog } from './import-log.ts'
import { type Import, toItem } from './import-plan.ts'
import { groupKey } from './item-table.ts'
import { DiskSet, fingerprint } from './scratch.ts'
import { taskFileNames } from './task-yaml.ts'

/** The questions of an audit file and the groups they stand in: no split may hold one of either. */
export type AuditKeys = { questions: DiskSet; groups: DiskSet }

/** @throws TaskError where no question of the file can be read */
export async function auditKeys({ importer, plan, scratch }: Import, file: string): Promise<AuditKeys> {
  const keys = { questions: new DiskSet(scratch, 'audit_inputs'), groups: new DiskSet(scratch, 'audit_groups') }
  let count = 0
  const log = new ImportLog()
  for await (const item of importer.items(file, log, plan.options)) {
    keys.questions.add(fingerprint(item.input.trim()))
    count += 1
    if (item.group !== null) keys.groups.add(groupKey(item))
  }
  if (count > 0) return keys
  const fix = log.firstReason('Give --audit a file in the same format.')
  throw new TaskError('The audit file has no question that could be read', file, fix)
}

/** Writes the audit split from a file of its own, in the importer's format. What it leaves out is added to the log. */
export async function writeAuditFile(job: Import, file: string): Promise<SplitFile> {
  const { importer, folder, profile, plan, log, scratch } = job
  const own = new ImportLog()
  const writer = new LineWriter(join(folder, taskFileNames.audit))
  const seen = new DiskSet(scratch, 'audit_seen')
  try {
    for await (const entry of importer.items(file, own, plan.options)) {
      const item = toItem(entry, profile)
      if (seen.add(fingerprint(item.input))) await writer.write(JSON.stringify({ ...item, id: `audit-${item.id}` }))
      else own.drop(item.id, 'the question stands twice in the audit file')
    }
    for (const { where, why } of own.listed) log.drop(`audit: ${where}`, why)
    return await writer.close()
  } finally {
    writer.destroy()
  }
}
