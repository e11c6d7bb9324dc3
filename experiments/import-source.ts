import { join } from 'node:path'
import { alikeTexts } from '../agents/kit/dedup/near-duplicates.ts'
import { exitCodes } from '../launcher/console/exit-codes.ts'
import { stopSignal } from '../launcher/console/stop-signal.ts'
import { plural } from '../schemas/number-text.ts'
import { printableJson } from '../schemas/printable.ts'
import { maxSeeds } from '../schemas/task.ts'
import { UsageError } from '../schemas/user-error.ts'
import type { ItemText } from '../tasks/importers/item-table.ts'
import { importers, importSeeds, importTask, seedImporters } from '../tasks/importers/mod.ts'
import { describeCounts, describeLog, logFacts } from './task-import-log.ts'

/** `audit`: so many items, or a file of them. `seeds`: the former name of `seedQuestions`. What else there is, the importer reads. */
type ImportOptions = {
  out: string
  seed: number
  audit?: number | string
  seedQuestions?: number
  seeds?: number
  json: boolean
} & Record<string, string | undefined>

/**
 * Makes a task folder of a published set, or a seed file of a set of questions, and prints what was read and what was left out. An
 * interrupt leaves nothing behind.
 * @throws UsageError for an importer that there is not, and for too many questions set aside
 * @throws TaskError for a source that cannot be read
 */
export async function importSource(format: string, source: string, options: ImportOptions): Promise<void> {
  const { out, seed, audit = 0, json, seeds: former, seedQuestions: seeds = former, ...rest } = options
  if (seeds !== undefined && seeds > maxSeeds)
    throw new UsageError(`A seed pool holds up to ${maxSeeds} questions.`, 'Lower --seed-questions.')
  const seedImporter = seedImporters.find(({ name }) => name === format)
  if (seedImporter !== undefined) {
    const file = out.endsWith('.json') ? out : join(out, 'seed.json')
    const log = await importSeeds(seedImporter, source, file, seed, seeds ?? maxSeeds)
    if (json) return console.log(printableJson({ log: logFacts(log), file }))
    for (const line of [...describeLog(log), `${log.kept} seed ${plural(log.kept, 'question')}: ${file}`])
      console.log(line)
    return
  }
  const importer = importers.find(({ name }) => name === format)
  if (importer === undefined) {
    const known = [...importers, ...seedImporters].map(({ name }) => name)
    throw new UsageError(`There is no importer named ${format}.`, `Known importers: ${known.join(', ')}.`)
  }
  const signal = stopSignal()
  const plan = { seed, audit, seeds: seeds ?? 0, options: rest, alike: alikeTexts<ItemText>, signal }
  const result = await importTask(importer, source, out, plan).catch((error) => {
    if (!signal.aborted) throw error
    process.exitCode = exitCodes.interrupted
  })
  if (!result) return console.log('interrupted; nothing was left behind')
  const { log, counts } = result
  if (json) return console.log(printableJson({ log: logFacts(log), counts, out }))
  for (const line of [...describeLog(log), describeCounts(counts), `Task folder: ${out}`]) console.log(line)
}
