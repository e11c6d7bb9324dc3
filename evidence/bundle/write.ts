import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as tar from 'tar'
import type { Bus } from '../../bus/mod.ts'
import { sha256 } from '../../schemas/hash.ts'
import { stageFile } from '../../tasks/staged-file.ts'
import { reportJson } from '../report/mod.ts'
import { fillFolder } from './fill.ts'
import { bundleFiles, bundleVersion, itemTables, Manifest, namesOf } from './manifest.ts'
import { openFolder } from './read.ts'
import { itemTable } from './records.ts'
import { logOf, reportOfFolder } from './report-of-folder.ts'

export type WrittenBundle = { file: string; hash: string; files: number; bytes: number; missing: Manifest['missing'] }

/**
 * Writes a run's bundle as one `.tar.gz`, whole or not at all. Equal runs on equal versions give equal bytes: files are in the order
 * of their names behind the manifest, without times and owners.
 * @throws UsageError when there is no such run
 */
export async function writeBundle(bus: Bus, runId: string, file: string): Promise<WrittenBundle> {
  await using staged = await stageFile(file)
  await using contents = await stageFile(file)
  await mkdir(contents.path)
  const missing = await fillFolder(bus, runId, contents.path)
  const manifest = await completeFolder(contents.path, runId, missing)
  const text = `${JSON.stringify(manifest, null, 2)}\n`
  await writeFile(join(contents.path, bundleFiles.manifest), text)
  const names = [bundleFiles.manifest, ...Object.keys(manifest.files)]
  const options = { cwd: contents.path, gzip: { level: 6 }, portable: true, mtime: new Date(0) }
  await tar.create({ ...options, file: staged.path }, names)
  await staged.keep()
  return { file, hash: sha256(text), files: names.length, bytes: (await stat(file)).size, missing }
}

/** Adds what follows from the rest: the items' outcomes and the report. */
async function completeFolder(folder: string, runId: string, missing: Manifest['missing']): Promise<Manifest> {
  const parts = await openFolder(folder)
  const { entries, facts } = await logOf(parts)
  await mkdir(join(folder, dirname(bundleFiles.items('test'))))
  for (const evalSet of itemTables) {
    const lines = itemTable(facts, evalSet).map((line) => `${JSON.stringify(line)}\n`)
    if (lines.length > 0) await writeFile(join(folder, bundleFiles.items(evalSet)), lines.join(''))
  }
  await writeFile(join(folder, bundleFiles.report), reportJson(await reportOfFolder(parts, entries)))
  const { files } = await openFolder(folder)
  return Manifest.parse({
    version: bundleVersion,
    runId,
    names: namesOf(facts),
    missing,
    files: Object.fromEntries(files),
  })
}
