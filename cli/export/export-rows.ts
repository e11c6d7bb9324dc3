import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Row } from '../../schemas/row.ts'
import { dataCard, type ExportContext } from './data-card.ts'
import { type ExportFormat, layouts } from './format.ts'

export type ExportedFiles = { data: string; datasetInfo: string; card: string; rows: number }

/** Characters gathered before they are handed to the file. */
const chunkChars = 65_536

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
  const { file, datasetInfo } = layouts[format]
  const [data, info, card] = [file, 'dataset_info.json', 'README.md'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ]
  await mkdir(dir, { recursive: true })
  const bySkill = new Map<string, number>()
  const draft = `${data}.${randomUUID()}.tmp`
  try {
    await pipeline(Readable.from(lines(rows, format, bySkill)), createWriteStream(draft))
    await rename(draft, data)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  await writeFile(info, `${JSON.stringify({ [context.task.id]: { file_name: file, ...datasetInfo } }, null, 2)}\n`)
  await writeFile(card, dataCard(format, context, bySkill))
  return { data, datasetInfo: info, card, rows: [...bySkill.values()].reduce((sum, count) => sum + count, 0) }
}

/** The file's text in pieces; counts rows by skill as they pass. */
async function* lines(rows: AsyncIterable<Row>, format: ExportFormat, bySkill: Map<string, number>) {
  const { shape, write } = layouts[format]
  let text = shape === 'array' ? '[' : ''
  let first = true
  for await (const row of rows) {
    bySkill.set(row.skill, (bySkill.get(row.skill) ?? 0) + 1)
    const json = JSON.stringify(write(row))
    text += shape === 'array' ? `${first ? '\n' : ',\n'}${json}` : `${json}\n`
    first = false
    if (text.length < chunkChars) continue
    yield text
    text = ''
  }
  yield shape === 'array' ? `${text}\n]\n` : text
}
