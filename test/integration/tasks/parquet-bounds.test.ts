import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test, vi } from 'vitest'
import { parquetRecords } from '../../../tasks/importers/parquet-records.ts'
import type { TaskError } from '../../../tasks/task-error.ts'
import { importFolder } from '../../support/import-folder.ts'

/** Thrift's compact form, as far as a Parquet file needs it. */
const varint = (value: bigint | number): number[] => {
  const [low, rest] = [Number(BigInt(value) & 127n), BigInt(value) >> 7n]
  return rest === 0n ? [low] : [low | 128, ...varint(rest)]
}
const zigzag = (value: bigint | number) => varint(BigInt(value) < 0n ? -2n * BigInt(value) - 1n : 2n * BigInt(value))
type Field = [id: number, type: 5 | 6 | 8 | 9 | 12, value: number | bigint | string | number[]]
const struct = (...fields: Field[]): number[] => {
  let last = 0
  const written = fields.flatMap(([id, type, value]) => {
    const head = ((id - last) << 4) | type
    last = id
    if (typeof value === 'string') return [head, ...varint(value.length), ...Buffer.from(value)]
    return [head, ...(Array.isArray(value) ? value : zigzag(value))]
  })
  return [...written, 0]
}
const list = (type: number, ...items: number[][]) => [(items.length << 4) | type, ...items.flat()]
const text = (value: string) => [...uint32(value.length), ...Buffer.from(value)]
const uint32 = (value: number) => [...new Uint8Array(new Uint32Array([value]).buffer)]

type Page = { header: number[]; data: number[] }
const dataPage = (values: number, data: number[], encoding = 0): Page => ({
  header: struct(
    [1, 5, 0],
    [2, 5, data.length],
    [3, 5, data.length],
    [5, 12, struct([1, 5, values], [2, 5, encoding], [3, 5, 3], [4, 5, 3])],
  ),
  data,
})
const dictionary = (values: number, data: number[]): Page => ({
  header: struct([1, 5, 2], [2, 5, data.length], [3, 5, data.length], [7, 12, struct([1, 5, values], [2, 5, 0])]),
  data,
})

/** A file of one column of texts. */
function parquetOf(pages: Page[], rows: bigint | number, { isOptional = false, values = rows } = {}): Uint8Array {
  const body = pages.flatMap(({ header, data }) => [...header, ...data])
  const column = struct(
    [1, 5, 6],
    [2, 9, list(5, zigzag(0))],
    [3, 9, list(8, [...varint(8), ...Buffer.from('question')])],
    [4, 5, 0],
    [5, 6, values],
    [6, 6, body.length],
    [7, 6, body.length],
    [9, 6, 4],
  )
  const group = struct([1, 9, list(12, struct([2, 6, 4], [3, 12, column]))], [2, 6, body.length], [3, 6, rows])
  const schema = list(
    12,
    struct([4, 8, 'schema'], [5, 5, 1]),
    struct([1, 5, 6], [3, 5, isOptional ? 1 : 0], [4, 8, 'question'], [6, 5, 0]),
  )
  const metadata = struct([1, 5, 1], [2, 9, schema], [3, 6, rows], [4, 9, list(12, group)])
  const magic = Buffer.from('PAR1')
  return Buffer.concat([magic, Buffer.from(body), Buffer.from(metadata), Buffer.from(uint32(metadata.length)), magic])
}

const texts = ['How many?', 'How much?'].flatMap(text)
const mebibyte = 1024 ** 2

async function read(bytes: Uint8Array, limits?: Parameters<typeof parquetRecords>[1]) {
  await using folder = await importFolder()
  const path = await folder.put('a.parquet', bytes)
  return await Array.fromAsync(parquetRecords(path, limits))
}
const refusal = async (...args: Parameters<typeof read>): Promise<string> =>
  read(...args).then(
    (records) => `${records.length} records`,
    (error: TaskError) => error.what,
  )

describe('a Parquet file costs what its size is worth', () => {
  test('what is right is read, with the place of each record', async () => {
    expect(await read(parquetOf([dataPage(2, texts)], 2))).toEqual([
      { where: 'a.parquet[0]', value: { question: 'How many?' } },
      { where: 'a.parquet[1]', value: { question: 'How much?' } },
    ])
  })

  test.each([2n ** 40n, 10 ** 9, -(2n ** 40n)])('%s rows in a few hundred bytes are no rows', async (rows) => {
    expect(await refusal(parquetOf([dataPage(2, texts)], rows))).toMatch(/it claims \d+ rows in \d+ bytes/)
  })

  test('a run of 2^30 equal levels is ended by its memory', async () => {
    const run = [...varint(2n ** 31n), 1]
    const page = dataPage(2, [...uint32(run.length), ...run, ...texts])
    const why = await refusal(parquetOf([page], 2, { isOptional: true }), { maxBytes: 96 * mebibyte })
    expect(why).toContain('it takes more than 96 MiB of memory')
  })

  test('pages without an end of values are ended by their processor time', async () => {
    const page = dataPage(2, [...uint32(4), ...varint(2n ** 31n - 2n), 0])
    const limits = { maxBytes: 16_384 * mebibyte, maxCpuMs: 300 }
    expect(await refusal(parquetOf([page], 2, { isOptional: true }), limits)).toContain('0.3 s of processor time')
  })

  test('one long text that a dictionary repeats is counted each time', async () => {
    const pages = [dictionary(1, text('x'.repeat(100_000))), dataPage(10_000, [1, ...varint(20_000), 0], 8)]
    expect(await refusal(parquetOf(pages, 10_000), { maxChars: 10 * mebibyte })).toContain(
      'more than 10485760 characters',
    )
  })

  test('JSON in a column that nests too deep costs the file, not the process', async () => {
    const columnData = [{ name: 'question', data: [[1]], type: 'JSON' as const }]
    const good = Buffer.from(parquetWriteBuffer({ columnData, codec: 'UNCOMPRESSED' }))
    expect(await read(good)).toEqual([{ where: 'a.parquet[0]', value: { question: [1] } }])
    const deep = [{ ...columnData[0]!, data: [JSON.parse(`${'['.repeat(300)}${']'.repeat(300)}`)] }]
    expect(await refusal(new Uint8Array(parquetWriteBuffer({ columnData: deep })))).toContain('nests deeper than 128')
  })
})

test('the process goes with its reader, who may stop early', async () => {
  await using folder = await importFolder()
  const columnData = [{ name: 'question', data: Array.from({ length: 5000 }, (_, index) => `${index}?`) }]
  const path = await folder.put('a.parquet', new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 100 })))
  for await (const record of parquetRecords(path)) {
    expect(record.where).toBe('a.parquet[0]')
    expect(process.getActiveResourcesInfo()).toContain('ProcessWrap')
    break
  }
  await vi.waitFor(() => expect(process.getActiveResourcesInfo()).not.toContain('ProcessWrap'))
})
