import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleFiles, itemTables, namesOf } from '../../evidence/bundle/manifest.ts'
import { openFolder } from '../../evidence/bundle/read.ts'
import { itemTable } from '../../evidence/bundle/records.ts'
import { logOf, reportOfFolder } from '../../evidence/bundle/report-of-folder.ts'
import { reportJson } from '../../evidence/report/mod.ts'
import type { LogEntry } from '../../schemas/log-entry.ts'
import { repack, type Tampering } from './repack.ts'

export type Entry = Omit<LogEntry, 'payload'> & {
  // biome-ignore lint/suspicious/noExplicitAny: a forger asks for no types
  payload: any
}

/**
 * A bundle by somebody who can rewrite all of it and knows how it is made: the log is changed, and then item tables, report, names and
 * hashes are made of it again by the project's own code.
 */
export async function forge(
  file: string,
  name: string,
  change: (log: Entry[], files: Tampering) => Entry[] | Promise<Entry[]>,
): Promise<string> {
  return repack(file, name, async (files) => {
    const log: Entry[] = (await files.lines(bundleFiles.log)).map((line) => JSON.parse(line))
    const forged = await change(log, files)
    await files.writeLines(
      bundleFiles.log,
      forged.map((entry) => JSON.stringify(entry)),
    )
    const parts = await openFolder(files.folder)
    const { entries, facts } = await logOf(parts)
    for (const evalSet of itemTables) {
      const lines = itemTable(facts, evalSet).map((line) => JSON.stringify(line))
      const path = bundleFiles.items(evalSet)
      await (lines.length > 0 ? files.writeLines(path, lines) : rm(join(files.folder, path), { force: true }))
    }
    await files.write(bundleFiles.report, reportJson(await reportOfFolder(parts, entries)))
    const manifest = JSON.parse(await files.text(bundleFiles.manifest))
    await files.write(bundleFiles.manifest, JSON.stringify({ ...manifest, names: namesOf(facts) }))
  })
}
