import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { isSeed, notASeed } from '../seed-pool.ts'
import { stageFile } from '../staged-file.ts'
import { TaskError } from '../task-error.ts'
import { ImportLog } from './import-log.ts'
import type { SeedFields } from './importer.ts'
import { fingerprint } from './scratch.ts'
import { exists } from './source-file.ts'

/** A published set that is used for its questions alone. */
export type SeedImporter = {
  name: string
  source: string
  seeds: (source: string, log: ImportLog) => AsyncGenerator<SeedFields>
}

/**
 * Writes a sample of a set's questions as a seed file. Which ones depends on `seed` and the questions, not on their order,
 * and memory on `count` alone.
 * @throws TaskError for a source that cannot be read or holds no question, and a file that is there already
 */
export async function importSeeds(
  importer: SeedImporter,
  source: string,
  out: string,
  seed: number,
  count: number,
): Promise<ImportLog> {
  const target = resolve(out)
  if (await exists(target)) throw new TaskError('The file exists already', target, 'Give --out a new file or folder.')
  const log = new ImportLog()
  let chosen: { key: number; text: string; value: SeedFields }[] = []
  for await (const value of importer.seeds(source, log)) {
    const text = JSON.stringify(value)
    if (!isSeed(value)) {
      log.drop(text.slice(0, 60), notASeed)
      continue
    }
    chosen.push({ key: fingerprint(`${seed}:${text}`), text, value })
    if (chosen.length >= 4 * count) chosen = smallest(chosen, count)
  }
  chosen = smallest(chosen, count)
  log.kept = chosen.length
  if (chosen.length === 0) throw new TaskError('No question could be read', source, log.firstReason())
  const seeds = chosen.map(({ value }) => value)
  await using entry = await stageFile(target)
  await writeFile(entry.path, `${JSON.stringify(seeds, null, 2)}\n`)
  await entry.keep()
  return log
}

/** The `count` entries with the smallest keys, each question once. */
function smallest<T extends { key: number; text: string }>(entries: T[], count: number): T[] {
  const once = [...new Map(entries.map((entry) => [entry.text, entry])).values()]
  return once.sort((a, b) => a.key - b.key).slice(0, count)
}
