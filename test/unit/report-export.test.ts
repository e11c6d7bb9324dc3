import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { exportFormats, exportRows } from '../../cli/export/mod.ts'
import type { Row } from '../../schemas/row.ts'
import { TrainingRow } from '../../schemas/task.ts'
import { datasetRows, publicTask } from '../support/run-log-data.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'export-'))
})
afterEach(() => rm(dir, { recursive: true }))

const context = { task: publicTask(), provenance: { run: 'demo-run', 'dataset hash': 'ab12' } }
const rows = datasetRows(1, 20).map((row, index) =>
  index === 3 ? { ...row, output: 'a "quote",\n\u2028 and é' } : row,
)
async function* each(list: readonly Row[]) {
  yield* list
}
const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('formats', () => {
  test('alpaca is a plain array of instruction, input, output', async () => {
    const { data } = await exportRows(each(rows), 'alpaca', dir, context)
    const written = TrainingRow.array().parse(JSON.parse(await readFile(data, 'utf8')))
    expect(written).toEqual(rows.map(({ instruction, input, output }) => ({ instruction, input, output })))
  })

  test('sharegpt is an array of conversations', async () => {
    const { data } = await exportRows(each(rows), 'sharegpt', dir, context)
    const written = JSON.parse(await readFile(data, 'utf8'))
    expect(written).toHaveLength(20)
    expect(written[3]).toEqual({
      conversations: [
        { from: 'human', value: `${rows[3]!.instruction}\n${rows[3]!.input}` },
        { from: 'gpt', value: rows[3]!.output },
      ],
    })
  })

  test('openai is messages by line', async () => {
    const { data } = await exportRows(each(rows), 'openai', dir, context)
    const written = lines(await readFile(data, 'utf8'))
    expect(written).toHaveLength(20)
    expect(written[3]).toEqual({
      messages: [
        { role: 'user', content: `${rows[3]!.instruction}\n${rows[3]!.input}` },
        { role: 'assistant', content: rows[3]!.output },
      ],
    })
  })

  test('jsonl keeps each row with its origin', async () => {
    const { data } = await exportRows(each(rows), 'jsonl', dir, context)
    expect(lines(await readFile(data, 'utf8'))).toEqual(rows)
  })
})

test.each(exportFormats)('%s comes with its registration and its card', async (format) => {
  const { data, datasetInfo, card } = await exportRows(each(rows), format, dir, context)
  const info = JSON.parse(await readFile(datasetInfo, 'utf8'))
  expect(join(dir, info['everyday-numbers'].file_name)).toBe(data)
  const [, frontMatter, ...body] = (await readFile(card, 'utf8')).split(/^---$/m)
  expect(parse(frontMatter!)).toMatchObject({ size_categories: ['n<1K'], task_categories: ['text-generation'] })
  expect(body.join()).toContain('ab12')
})

test('no rows give an empty array, not a broken one', async () => {
  const { data } = await exportRows(each([]), 'alpaca', dir, context)
  expect(JSON.parse(await readFile(data, 'utf8'))).toEqual([])
})

test('a source that fails leaves no data file behind', async () => {
  async function* failing() {
    yield rows[0]!
    throw new Error('gone')
  }
  await expect(exportRows(failing(), 'alpaca', dir, context)).rejects.toThrow('gone')
  expect(await readdir(dir)).toEqual([])
})

test('200,000 rows stream through without being gathered', async () => {
  const row = rows[0]!
  let peak = 0
  async function* many() {
    for (let index = 0; index < 200_000; index++) {
      if (index % 20_000 === 0) peak = Math.max(peak, process.memoryUsage().heapUsed)
      yield { ...row, id: `a1.r1.order-total.${index}.0`, output: `${row.output} ${index}` }
    }
  }
  const before = process.memoryUsage().heapUsed
  const written = await exportRows(many(), 'jsonl', dir, context)
  expect(written.rows).toBe(200_000)
  expect(lines(await readFile(written.data, 'utf8')).at(-1).id).toBe('a1.r1.order-total.199999.0')
  // The file is 70 MB; gathered rows would take more than that.
  expect((peak - before) / 2 ** 20).toBeLessThan(50)
}, 60_000)
