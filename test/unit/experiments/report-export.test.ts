import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { exportRows } from '../../../experiments/export/export-rows.ts'
import { type ExportFormat, exportFormats } from '../../../experiments/export/formats.ts'
import type { Row } from '../../../schemas/row.ts'
import { TrainingRow } from '../../../schemas/task.ts'
import { datasetRows, publicTask } from '../../support/run-log-data.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'export-'))
})
afterEach(() => rm(dir, { recursive: true }))

const context = { task: publicTask(), facts: { run: 'demo-run', 'dataset hash': 'ab12' } }
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

describe('Parquet', () => {
  const read = async (path: string) => parquetReadObjects({ file: await asyncBufferFromFile(path) })

  test('holds the columns of alpaca', async () => {
    const { data } = await exportRows(each(rows), 'parquet', dir, context)
    expect(await read(data)).toEqual(rows.map(({ instruction, input, output }) => ({ instruction, input, output })))
  })

  test('more rows than one group has, and none at all', async () => {
    const many = Array.from({ length: 25_001 }, (_, index) => ({ ...rows[index % 20]!, output: `${index}` }))
    const { data, rows: count } = await exportRows(each(many), 'parquet', dir, context)
    expect(count).toBe(25_001)
    const written = await read(data)
    expect(written.map(({ output }) => output)).toEqual(many.map(({ output }) => output))
    expect(await read((await exportRows(each([]), 'parquet', dir, context)).data)).toEqual([])
  })
})

const firstOf: Readonly<Record<ExportFormat, (path: string) => Promise<unknown>>> = {
  alpaca: async (path) => JSON.parse(await readFile(path, 'utf8'))[0],
  sharegpt: async (path) => JSON.parse(await readFile(path, 'utf8'))[0],
  openai: async (path) => lines(await readFile(path, 'utf8'))[0],
  'prompt-completion': async (path) => lines(await readFile(path, 'utf8'))[0],
  jsonl: async (path) => lines(await readFile(path, 'utf8'))[0],
  parquet: async (path) => (await parquetReadObjects({ file: await asyncBufferFromFile(path) }))[0],
}

test.each(exportFormats)('%s says on request of each row where it comes from', async (format) => {
  const teacher = {
    model: 'gpt-x',
    promptHash: 'a'.repeat(64),
    replyHash: 'b'.repeat(64),
    checks: ['format', 'vote 3/5'],
  }
  const taught = rows.map((row) => ({ ...row, origin: { generator: 'llm', teacher } }))
  const { data, card } = await exportRows(each(taught), format, dir, { ...context, rowsOf: 'demo-run' })
  expect(await firstOf[format](data)).toMatchObject({
    id: rows[0]!.id,
    run: 'demo-run',
    attempt: '1',
    skill: rows[0]!.skill,
    source: rows[0]!.source,
    generator: 'llm',
    teacher_model: 'gpt-x',
    prompt_hash: teacher.promptHash,
    reply_hash: teacher.replyHash,
    checks: 'format; vote 3/5',
    judge_score: null,
  })
  expect(await readFile(card, 'utf8')).toContain('teacher_model')
  const plain = await exportRows(each(taught), format, dir, context)
  expect(await firstOf[format](plain.data)).not.toHaveProperty('run')
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
