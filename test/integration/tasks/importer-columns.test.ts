import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { importFolder, jsonLines, sharedGroups, times } from '../../support/import-folder.ts'

const options = { question: 'ask', answer: 'gold', skill: 'topic', group: 'page', id: 'nr', scorer: 'exact' }
const rows = times(40, (index) => ({
  nr: `n${index}`,
  ask: `What, "said" ${index}?\nIn one word.`,
  gold: `word ${index}`,
  topic: ['Old Art', 'new art'][index % 2]!,
  page: `p${Math.floor(index / 4)}`,
}))
const keys = ['nr', 'ask', 'gold', 'topic', 'page'] as const
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
const table = (separator: string, end: string) =>
  [keys, ...rows.map((row) => keys.map((key) => quoted(row[key])))].map((line) => line.join(separator) + end).join('')

describe('files with named columns', () => {
  test('JSON Lines, a JSON array, CSV, tabs and Parquet give the same task', async () => {
    await using folder = await importFolder()
    const parquet = parquetWriteBuffer({
      columnData: keys.map((name) => ({ name, data: rows.map((row) => row[name]), type: 'STRING' as const })),
      rowGroupSize: 7,
    })
    const sources: [string, string][] = [
      ['jsonl', await folder.put('a.jsonl', jsonLines(rows))],
      ['jsonl', await folder.put('a.json', rows)],
      ['csv', await folder.put('a.csv', `\ufeff${table(',', '\r\n')}\r\n`)],
      ['csv', await folder.put('a.tsv', table('\t', '\n'))],
      ['parquet', await folder.put('a.parquet', new Uint8Array(parquet))],
    ]
    const [first, ...others] = await Promise.all(
      sources.map(([format, source]) => folder.import(format, source, { options })),
    )
    // A whole page of four is set aside for the three examples.
    expect(first!.items).toHaveLength(36)
    for (const { items, log } of others) {
      expect(log).toMatchObject({ read: 40, kept: 40 })
      expect(items).toEqual(first!.items)
    }
    expect(first!.task.skills.map(({ name }) => name)).toEqual(['new-art', 'old-art'])
    expect(sharedGroups(first!.task.validation, first!.task.test)).toEqual([])
    expect(first!.items[0]!.id).toMatch(/^n\d+$/)
  })

  test('without named columns the usual names are taken', async () => {
    await using folder = await importFolder()
    const source = await folder.put('b.jsonl', jsonLines(rows.map(({ ask, gold }) => ({ problem: ask, target: gold }))))
    const { items } = await folder.import('jsonl', source)
    expect(items[0]).toMatchObject({ skill: 'all', answer: expect.stringMatching(/^word/) })
    expect(items[0]).not.toHaveProperty('group')
  })

  test('numbers and 64-bit integers become text; nested values become JSON', async () => {
    await using folder = await importFolder()
    const columnData = [
      { name: 'question', data: rows.map(({ ask }) => ask), type: 'STRING' as const },
      { name: 'answer', data: rows.map((_, index) => 2n ** 60n + BigInt(index)), type: 'INT64' as const },
    ]
    const source = await folder.put('c.parquet', new Uint8Array(parquetWriteBuffer({ columnData })))
    const { items } = await folder.import('parquet', source)
    expect(BigInt(items[0]!.answer)).toBeGreaterThanOrEqual(2n ** 60n)
    const nested = await folder.put('d.jsonl', jsonLines(rows.map(({ ask }, index) => ({ ask, answer: { n: index } }))))
    const { items: others } = await folder.import('jsonl', nested, {
      options: { question: 'ask', scorer: 'json-fields' },
    })
    expect(JSON.parse(others[0]!.answer)).toHaveProperty('n')
  })

  test('rows of a CSV file that do not fit its header are counted and listed', async () => {
    await using folder = await importFolder()
    const source = await folder.put(
      'e.csv',
      `${table(',', '\n')}only,two\n\n"n99","last?","word","x","y"\n"n98","more?","word","x","y","z"\n`,
    )
    const { log } = await folder.import('csv', source, { options })
    expect(log).toMatchObject({ read: 43, kept: 41 })
    expect(Object.fromEntries(log.dropped)).toEqual({ 'no answer': 1, 'not a CSV row of this file': 1 })
  })

  test('a scorer that is not there, a column that is not there, golds that the scorer cannot read', async () => {
    await using folder = await importFolder()
    const source = await folder.put('f.jsonl', jsonLines(rows))
    const refused = (change: object) => folder.refused('jsonl', source, { options: { ...options, ...change } })
    expect((await refused({ scorer: 'judge' })).fix).toContain('exact')
    for (const option of ['question', 'answer', 'skill', 'group', 'id']) {
      const error = await refused({ [option]: 'mistyped' })
      expect(error.message).toContain(`No record has a column 'mistyped', which --${option} names`)
      expect(error.fix).toContain('nr, ask, gold, topic, page')
    }
    expect((await refused({ scorer: 'choice' })).fix).toContain('the scorer choice cannot read the answer')
  })

  test('whole numbers of any size are golds as they were written, and what is no finite number is none', async () => {
    await using folder = await importFolder()
    const lines = rows.map(({ ask }, index) => `{"ask":${JSON.stringify(ask)},"gold":11529215046068469${10 + index}}`)
    const golds = ['NaN', '-Infinity', '1e999', `${'9'.repeat(400)}`]
    const odd = golds.map((gold, index) => `{"ask":"Which one is odd, ${index}?","gold":${gold}}`)
    const source = await folder.put('g.jsonl', [...lines, ...odd].join('\n'))
    const { items, log } = await folder.import('jsonl', source, { options: { question: 'ask', answer: 'gold' } })
    expect(Object.fromEntries(log.dropped)).toEqual({ 'the answer is not a finite number': 3 })
    expect(items.some(({ answer }) => answer === '9'.repeat(400))).toBe(true)
    expect(items.every(({ answer }) => /^11529215046068469\d\d$|^9{400}$/.test(answer))).toBe(true)
  })

  test('times and bytes of a Parquet file are text', async () => {
    await using folder = await importFolder()
    const asked = { name: 'question', data: rows.map(({ ask }) => ask), type: 'STRING' as const }
    const answersOf = async (file: string, data: unknown[], type: 'TIMESTAMP' | 'BYTE_ARRAY') => {
      const columnData = [asked, { name: 'answer', data, type }]
      const source = await folder.put(file, new Uint8Array(parquetWriteBuffer({ columnData })))
      return (await folder.import('parquet', source)).items.map(({ answer }) => answer)
    }
    const days = rows.map((_, index) => new Date(Date.UTC(2024, 0, 1 + index)))
    const times = await answersOf('h.parquet', days, 'TIMESTAMP')
    expect(times).toContain('2024-01-20T00:00:00Z')
    const bytes = rows.map((_, index) => (index % 2 ? Uint8Array.of(255, index) : Buffer.from(`é${index}`)))
    const texts = await answersOf('i.parquet', bytes, 'BYTE_ARRAY')
    expect(texts.every((text) => /^ff[0-9a-f]{2}$|^é\d+$/.test(text))).toBe(true)
  })
})
