import { z } from 'zod'
import { LogEntry } from '../../schemas/log-entry.ts'
import { Row } from '../../schemas/row.ts'
import { PublicTask } from '../../schemas/task.ts'
import { collect, type ReportData, type RunFacts, reportOf } from '../report/mod.ts'
import { bundleFiles } from './manifest.ts'
import { type BundleParts, refuseBeyondMemory } from './read.ts'

export async function logOf(folder: BundleParts): Promise<{ entries: LogEntry[]; facts: RunFacts }> {
  refuseBeyondMemory(bundleFiles.log, folder.files.get(bundleFiles.log)?.bytes ?? 0)
  const entries = await Array.fromAsync(folder.lines(bundleFiles.log, LogEntry))
  return { entries, facts: collect(entries) }
}

/** The task as agents saw it; null where the bundle does not have it. */
export async function taskInFolder(folder: BundleParts, { config }: RunFacts): Promise<PublicTask | null> {
  const path = config && bundleFiles.object(config.publicTask.sha256)
  return path && folder.files.has(path) ? folder.json(path, PublicTask) : null
}

/** The report of a bundle's log, with nothing but what is in the bundle. */
export async function reportOfFolder(folder: BundleParts, entries: readonly LogEntry[]): Promise<ReportData> {
  return reportOf({
    entries,
    task: await taskInFolder(folder, collect(entries)),
    versions: await folder.json(bundleFiles.versions, z.record(z.string(), z.string())),
    readRows: (ref) => folder.rowsOf(ref, Row),
  })
}
