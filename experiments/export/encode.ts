import type { ExportedRow, Layout } from './format.ts'

/** Characters gathered before they are handed to the file. */
const chunkChars = 65_536

/** The file's content in pieces, so that memory does not grow with the number of rows. */
export async function* encode(
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
