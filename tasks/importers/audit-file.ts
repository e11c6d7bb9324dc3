import type { SplitFile } from '../../schemas/task.ts'
import { FingerprintSet, fingerprint } from './fingerprint-set.ts'
import { ImportLog } from './import-log.ts'
import { toItem } from './import-task.ts'
import type { Importer, ImportOptions, TaskProfile } from './importer.ts'
import { SplitWriter } from './split-writer.ts'
import { taskFileNames } from './task-yaml.ts'

/** The questions of an audit file: no split may hold one of them. */
export async function auditKeys(importer: Importer, file: string, options: ImportOptions): Promise<FingerprintSet> {
  const keys = new FingerprintSet()
  for await (const item of importer.items(file, new ImportLog(), options)) keys.add(fingerprint(item.input.trim()))
  return keys
}

/** Writes the audit split from a file of its own, in the importer's format. What it leaves out is added to the log. */
export async function writeAuditFile(
  importer: Importer,
  file: string,
  folder: string,
  profile: TaskProfile,
  options: ImportOptions,
  log: ImportLog,
): Promise<SplitFile> {
  const own = new ImportLog()
  const writer = new SplitWriter(folder, taskFileNames.audit)
  const seen = new FingerprintSet()
  try {
    for await (const draft of importer.items(file, own, options)) {
      const item = toItem(draft, profile)
      if (seen.add(fingerprint(item.input))) await writer.write({ ...item, id: `audit-${item.id}` })
      else own.drop(item.id, 'the question stands twice in the audit file')
    }
    for (const { where, why } of own.listed) log.drop(`audit: ${where}`, why)
    return await writer.close()
  } finally {
    writer.destroy()
  }
}
