import { describe, expect, test } from 'vitest'
import { importFolder, jsonLines, sharedGroups, times } from '../../support/import-folder.ts'

describe('cruxeval', () => {
  const row = (index: number, change: object = {}) => ({
    code: `def f(nums):\n    return sum(nums) + ${index}`,
    input: '[1, 1, 3]',
    output: `${5 + index}`,
    id: `sample_${index}`,
    ...change,
  })

  test('functions that stand twice stay in one split; outputs are Python literals of every kind', async () => {
    await using folder = await importFolder()
    const outputs = ["'a'", '[(4, 1), (2, 3)]', "{1: 'x'}", 'True', "b'x'", '-1.5', '(1,)', 'None']
    const rows = [
      ...outputs.map((output, index) => row(index, { output })),
      ...times(24, (index) => row(100 + (index % 8), { id: `twin_${index}`, input: `[${index}]` })),
      row(200, { output: 'object()' }),
      row(201, { input: null }),
      row(202, { code: '' }),
    ]
    const source = await folder.put('cruxeval.jsonl', jsonLines(rows))
    const { log, task, items } = await folder.import('cruxeval', source)
    expect(log).toMatchObject({ read: 35, kept: 32 })
    expect(Object.fromEntries(log.dropped)).toEqual({ 'the output is no Python literal': 1, 'no code or input': 2 })
    expect(sharedGroups(task.validation, task.test)).toEqual([])
    expect(items[0]!.input).toMatch(/^def f\(nums\):\n.*\nassert f\(\[.*\]\) == \?\?$/s)
  })
})

describe('gsm8k', () => {
  test('the gold is what follows ####, without its commas', async () => {
    await using folder = await importFolder()
    const rows = [
      ...times(20, (index) => ({ question: `How many are ${index}?`, answer: `Sum <<1+1=2>>2.\n#### ${index},000` })),
      { question: 'How many?', answer: 'Nobody knows.' },
      { question: '', answer: '#### 4' },
    ]
    const { log, items, counts } = await folder.import('gsm8k', await folder.put('test.jsonl', jsonLines(rows)))
    expect(log).toMatchObject({ read: 22, kept: 20 })
    expect(log.listed).toEqual([
      { where: 'test.jsonl:21', why: 'no number after ####' },
      { where: 'test.jsonl:22', why: 'no question' },
    ])
    expect(counts).toMatchObject({ validation: 4, test: 13, example: 3 })
    for (const { input, answer } of items) expect(`${/\d+/.exec(input)}000`).toBe(answer)
  })
})

describe('svamp', () => {
  test('variations of one body go to one split, types are strata', async () => {
    await using folder = await importFolder()
    const row = (index: number) => ({
      ID: `chal-${index}`,
      Body: `Jack has ${Math.floor(index / 2)} pens`,
      Question: index % 2 ? 'How many pens has he?' : 'How many has he lost?',
      Equation: '( 8.0 - 3.0 )',
      Answer: index + 0.5,
      Type: ['Subtraction', 'Common-Division'][Math.floor(index / 2) % 2],
    })
    const rows = [...times(40, row), { ...row(90), Answer: 'five' }, { ...row(91), Question: undefined }]
    const { log, task, items } = await folder.import('svamp', await folder.put('SVAMP.json', rows))
    expect(log).toMatchObject({ read: 42, kept: 40 })
    expect(sharedGroups(task.validation, task.test)).toEqual([])
    expect(task.skills.map(({ name }) => name)).toEqual(['common-division', 'subtraction'])
    expect(items[0]!.input).toMatch(/^Jack has \d+ pens\. How many/)
  })
})
