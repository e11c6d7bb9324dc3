import { readdir, readFile } from 'node:fs/promises'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { importSeeds, seedImporters } from '../../../tasks/importers/mod.ts'
import { importFolder, jsonLines, times } from '../../support/import-folder.ts'

const importer = (name: string) => seedImporters.find((known) => known.name === name)!
const read = async (path: string) => JSON.parse(await readFile(path, 'utf8'))

describe('sciinstruct', () => {
  const rows = times(50, (index) => ({ content: `Prove ${index}.`, summary: `Proof ${index}.` }))

  test('an array and JSON Lines give the same questions, whatever their order, and no answer', async () => {
    await using folder = await importFolder()
    const sources = [
      await folder.put('SciInstruct.json', rows),
      await folder.put('lines.json', jsonLines(rows.toReversed())),
      await folder.put('other.jsonl', jsonLines(rows.map(({ content }) => ({ question: content })))),
    ]
    const pools = []
    for (const [index, source] of sources.entries()) {
      const out = `${folder.path}/seed-${index}.json`
      const log = await importSeeds(importer('sciinstruct'), source, out, 1, 12)
      expect(log).toMatchObject({ read: 50, kept: 12 })
      pools.push(await read(out))
    }
    expect(pools[0]).toHaveLength(12)
    expect(Object.keys(pools[0][0])).toEqual(['question'])
    expect(pools[1]).toEqual(pools[0])
    expect(pools[2]).toEqual(pools[0])
    const log = await importSeeds(importer('sciinstruct'), sources[0]!, `${folder.path}/other/seed.json`, 2, 12)
    expect(log.kept).toBe(12)
    expect(await read(`${folder.path}/other/seed.json`)).not.toEqual(pools[0])
  })

  test('a file that is there already stays, and a source without questions leaves nothing', async () => {
    await using folder = await importFolder()
    const source = await folder.put('SciInstruct.json', rows)
    const out = await folder.put('seed.json', 'mine')
    await expect(importSeeds(importer('sciinstruct'), source, out, 1, 5)).rejects.toThrow('exists already')
    expect(await readFile(out, 'utf8')).toBe('mine')
    const empty = await folder.put('empty.json', [{ summary: '' }])
    const failed = importSeeds(importer('sciinstruct'), empty, `${folder.path}/new.json`, 1, 5)
    await expect(failed).rejects.toThrow('First: empty.json[0]: no question')
    expect((await readdir(folder.path)).sort()).toEqual(['SciInstruct.json', 'empty.json', 'seed.json'])
  })
})

describe('taco', () => {
  const rows = times(30, (index) => ({
    question: `Read n and print n + ${index}.`,
    solutions: '["print(int(input()))"]',
    starter_code: '',
    input_output: JSON.stringify({ inputs: [`${index}\n`], outputs: [`${2 * index}\n`] }),
    difficulty: 'EASY',
    raw_tags: "['math']",
  }))

  test('a question comes with the first of its inputs; those with a special judge are left out', async () => {
    await using folder = await importFolder()
    const columnData = Object.keys(rows[0]!).map((name) => ({
      name,
      data: rows.map((row) => row[name as 'question']),
      type: 'STRING' as const,
    }))
    const source = await folder.put('test.parquet', new Uint8Array(parquetWriteBuffer({ columnData })))
    await folder.put(
      'output_spj.jsonl',
      jsonLines([
        { idx: 3, special_judge: true, case: 0 },
        { idx: 4, special_judge: false, case: 0 },
      ]),
    )
    const log = await importSeeds(importer('taco'), source, `${folder.path}/seed.json`, 1, 1000)
    expect(log).toMatchObject({ read: 30, kept: 29 })
    expect(log.listed).toEqual([{ where: 'test.parquet[3]', why: 'needs a special judge' }])
    const seeds = await read(`${folder.path}/seed.json`)
    expect(seeds).toContainEqual({ question_content: 'Read n and print n + 4.', test_input: '4\n' })
    const training = await folder.put('train-00000.jsonl', jsonLines(rows))
    const all = await importSeeds(importer('taco'), training, `${folder.path}/train.json`, 1, 1000)
    expect(all).toMatchObject({ read: 30, kept: 30 })
  })

  test('rows without a question or an input are counted', async () => {
    await using folder = await importFolder()
    const bad = [
      { ...rows[0], question: ' ' },
      { ...rows[1], input_output: 'not JSON' },
      { ...rows[2], input_output: '{"inputs": []}' },
    ]
    const source = await folder.put('taco.jsonl', jsonLines([...rows, ...bad]))
    const log = await importSeeds(importer('taco'), source, `${folder.path}/seed.json`, 1, 1000)
    expect(Object.fromEntries(log.dropped)).toEqual({ 'no question': 1, 'no test input': 2 })
  })
})

describe('livecodebench-code', () => {
  const tests = (input: string) => JSON.stringify([{ input, output: '1', testtype: 'stdin' }])
  const row = (index: number) => ({
    question_content: `Count the ways for ${index}.`,
    public_test_cases: tests(`${index}\n`),
    private_test_cases: 'eJxrYJmqwgABPWoZJZl5qXqFpZl5JVOS9KboAQA+KQZ4',
    platform: 'atcoder',
  })

  test('takes the first public test and never the private ones', async () => {
    await using folder = await importFolder()
    const bad = [
      { ...row(7), public_test_cases: '[]' },
      { ...row(8), question_content: '' },
      { ...row(9), public_test_cases: 'x' },
    ]
    const source = await folder.put('test.jsonl', jsonLines([...times(6, row), ...bad]))
    const out = `${folder.path}/seed.json`
    const log = await importSeeds(importer('livecodebench-code'), source, out, 1, 100)
    expect(log).toMatchObject({ read: 9, kept: 6 })
    expect(Object.fromEntries(log.dropped)).toEqual({ 'no public test with an input': 2, 'no question_content': 1 })
    expect(await read(out)).toContainEqual({ question_content: 'Count the ways for 3.', test_input: '3\n' })
    expect(await readFile(out, 'utf8')).not.toContain('eJxr')
  })
})

test('a question that carries its answer, or is too long, is no seed of any set', async () => {
  await using folder = await importFolder()
  const rows = [{ content: 'What is 2 + 2?' }, { content: 'What is 2 + 3?\nAnswer: 5' }, { content: 'x'.repeat(9_000) }]
  const source = await folder.put('SciInstruct.json', rows)
  const log = await importSeeds(importer('sciinstruct'), source, `${folder.path}/seed.json`, 1, 10)
  expect(log).toMatchObject({ read: 3, kept: 1 })
  expect(Object.fromEntries(log.dropped)).toEqual({ 'too long for a seed, or it carries its answer': 2 })
})
