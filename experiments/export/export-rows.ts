import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { writeWhole } from '../../machine/state-file.ts'
import type { Row } from '../../schemas/row.ts'
import { stageFile } from '../../tasks/staged-file.ts'
import { dataCard, type ExportContext, type Passed, provenanceColumns, rowProvenance } from './data-card.ts'
import type { ExportFormat } from './formats.ts'
import { type ExportedRow, type Layout, layouts } from './layouts.ts'

export type ExportedFiles = { data: string; datasetInfo: string; card: string; rows: number }

/**
 * Writes rows as a training set: the data, `dataset_info.json` for LLaMA-Factory and a data card. Rows stream through, so memory does not
 * grow with their number. The data file appears whole or not at all, and before the two that name it.
 */
export async function exportRows(
  rows: AsyncIterable<Row>,
  format: ExportFormat,
  dir: string,
  context: ExportContext,
): Promise<ExportedFiles> {
  const layout = layouts[format]
  const { file, shape, datasetInfo } = layout
  const columns = [...Object.values<string>(datasetInfo.columns), ...(context.rowsOf ? provenanceColumns : [])]
  const [data, info, card] = [file, 'dataset_info.json', 'README.md'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ]
  const passed: Passed = { bySkill: new Map(), teachers: new Set() }
  await using staged = await stageFile(data)
  await pipeline(
    Readable.from(encode(records(rows, layout, context.rowsOf, passed), shape, columns)),
    createWriteStream(staged.path),
  )
  await staged.keep()
  await writeWhole(info, `${JSON.stringify({ [context.task.id]: { file_name: file, ...datasetInfo } }, null, 2)}\n`)
  await writeWhole(card, dataCard(format, context, passed))
  return { data, datasetInfo: info, card, rows: [...passed.bySkill.values()].reduce((sum, count) => sum + count, 0) }
}

/** What each row's record holds; rows are counted as they pass. */
async function* records(
  rows: AsyncIterable<Row>,
  { write }: Layout,
  run: string | undefined,
  { bySkill, teachers }: Passed,
): AsyncGenerator<ExportedRow> {
  for await (const row of rows) {
    bySkill.set(row.skill, (bySkill.get(row.skill) ?? 0) + 1)
    if (row.origin.teacher) teachers.add(row.origin.teacher.model)
    yield run === undefined ? write(row) : { ...write(row), ...rowProvenance(row, run) }
  }
}

/** Characters gathered before they are handed to the file. */
const chunkChars = 65_536

/** The file's content in pieces, so that memory does not grow with the number of rows. */
async function* encode(
  rows: AsyncIterable<ExportedRow>,
  shape: Layout['shape'],
  columns: readonly string[],
): AsyncGenerator<string | Uint8Array> {
  // Loaded where it is needed: the library for it takes longer to load than a command to start.
  if (shape === 'parquet') yield* (await import('./parquet.ts')).parquet(rows, columns)
  else yield* json(rows, shape)
}

async function* json(rows: AsyncIterable<ExportedRow>, shape: 'array' | 'lines'): AsyncGenerator<string> {
  let text = shape === 'array' ? '[' : ''
  let first = true
  for await (const row of rows) {
    const written = JSON.stringify(row)
    text += shape === 'array' ? `${first ? '\n' : ',\n'}${written}` : `${written}\n`
    first = false
    if (text.length < chunkChars) continue
    yield text
    text = ''
  }
  yield shape === 'array' ? `${text}\n]\n` : text
}
