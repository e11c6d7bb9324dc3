import { describe, expect, test } from 'vitest'
import { alikeTexts, repeatsBetween } from '../../../agents/kit/dedup/near-duplicates.ts'
import type { ItemText } from '../../../tasks/importers/item-table.ts'
import { importFolder, sharedGroups, times } from '../../support/import-folder.ts'

/** A record with FinanceReasoning's fields. */
function record(index: number, change: object = {}): object {
  return {
    question: `What is the profit of shop ${index}? Answer to the nearest integer.`,
    context: '',
    statistics: { number_statistics: {}, operator_statistics: { '+': 1 }, code_statistics: { 'code.line_num': 2 } },
    difficulty: 2.5,
    ground_truth: index,
    source: 'CodeFinQA-test-1',
    python_solution: 'def solution():\n    return 1',
    question_id: `test-${index}`,
    level: 'hard',
    ...change,
  }
}

describe('financereasoning', () => {
  test('reads the three levels as strata of one folder', async () => {
    await using folder = await importFolder()
    const levels = ['easy', 'medium', 'hard']
    for (const [at, level] of levels.entries()) {
      await folder.put(
        `src/${level}.json`,
        times(20, (index) => record(100 * at + index, { level })),
      )
    }
    const { log, counts, task } = await folder.import('financereasoning', `${folder.path}/src`)
    expect(log).toMatchObject({ read: 60, kept: 60 })
    expect(counts.validation + counts.test + counts.example).toBe(60)
    expect(counts.validation).toBe(14)
    for (const level of levels) expect(task.validation.filter(({ skill }) => skill === level).length).toBeGreaterThan(3)
  })

  test('questions on one context go to one split; the empty contexts "" and "[]" are no context', async () => {
    await using folder = await importFolder()
    const contexts = ['| year | sales |\n|---|---|\n| 2012 | 4 |', '{"Revenue": {"2012": 4}}', '', '[]']
    const rows = [
      ...times(12, (index) => record(index, { context: `${contexts[0]}${index % 4}` })),
      ...times(12, (index) => record(20 + index, { context: contexts[1] })),
      ...times(20, (index) => record(40 + index, { context: contexts[2 + (index % 2)] })),
    ]
    const source = await folder.put('hard.json', rows)
    const { task, items } = await folder.import('financereasoning', source)
    expect(sharedGroups(task.validation, task.test)).toEqual([])
    const alone = items.filter(({ group }) => group === undefined)
    expect(alone.length).toBeGreaterThan(14)
    for (const { input } of alone) expect(input).toMatch(/^Question: /)
    const shared = items.find(({ input }) => input.includes('Revenue'))
    if (shared) expect(shared.input).toMatch(/^Context:\n\{"Revenue"/)
    expect(new Set(alone.map(({ id }) => task.test.some((item) => item.id === id))).size).toBe(2)
  })

  test('golds of every kind; those that are missing or no number are left out, and repeats once', async () => {
    await using folder = await importFolder()
    const rows = [
      ...[true, false, 0, -12.5, 4.6e10, 0.005].map((gold, index) => record(index, { ground_truth: gold })),
      record(10, { ground_truth: null }),
      record(11, { ground_truth: 'many' }),
      record(12, { question: ' ' }),
      record(20, { question: 'Twice?' }),
      record(21, { question: 'Twice?' }),
      record(22, { question_id: 'test-0' }),
      ...times(20, (index) => record(100 + index)),
    ]
    const source = await folder.put('hard.json', rows)
    const { log, items, read } = await folder.import('financereasoning', source, { seed: 5 })
    const outputs = (await read<{ output: string }[]>('few-shot.json')).map(({ output }) => output)
    const golds = [...items.map(({ answer }) => answer), ...outputs].join(' ')
    for (const gold of ['True', 'False', '-12.5', '46000000000', '0.005']) expect(golds).toContain(gold)
    expect(log).toMatchObject({ read: 32, kept: 27 })
    expect(Object.fromEntries(log.dropped)).toEqual({
      'no ground_truth that is a number or a truth value': 2,
      'no question': 1,
      'the question stands twice': 1,
      'the id stands twice': 1,
    })
  })

  test('seed questions carry their context and no answer', async () => {
    await using folder = await importFolder()
    const source = await folder.put(
      'easy.json',
      times(40, (index) => record(index, { context: index % 2 ? '[]' : `Table ${index}` })),
    )
    const { read, counts, items } = await folder.import('financereasoning', source, { seeds: 10 })
    const seeds = await read<{ question: string; context: string }[]>('seed.json')
    expect(counts.seed).toBe(10)
    expect(seeds).toHaveLength(10)
    for (const seed of seeds) {
      expect(Object.keys(seed).sort()).toEqual(['context', 'question'])
      expect(seed.context).not.toBe('[]')
      expect(items.some(({ input }) => input.includes(seed.question))).toBe(false)
    }
  })

  test('a folder without a level is refused', async () => {
    await using folder = await importFolder()
    await folder.put('src/readme.md', 'none')
    expect((await folder.refused('financereasoning', `${folder.path}/src`)).fix).toContain('easy.json')
  })

  test('near-duplicates under other contexts stay together in a set of millions of characters', async () => {
    await using folder = await importFolder()
    const page = (index: number) =>
      times(1_000, (at) => `entry${index}x${at} ${(index * 7919 + at * 104_729) % 99_991}`).join(' ')
    const contexts = times(130, page)
    // Every fourth record repeats the one before it, on a context that differs by a word.
    const records = contexts.map((context, index) =>
      index % 4 === 3
        ? record(index - 1, { context: `${contexts[index - 1]} revised`, question_id: `test-${index}` })
        : record(index, { context }),
    )
    expect(JSON.stringify(records).length).toBeGreaterThan(2_000_000)
    const { task } = await folder.import('financereasoning', await folder.put('hard.json', records), {
      alike: alikeTexts<ItemText>,
    })
    const sides = [task.validation, task.test].map((items) => items.map(({ input }) => ({ text: input })))
    expect(repeatsBetween(sides)).toEqual([])
    const planted = [contexts[2]!, `${contexts[2]} revised`].map((text) => [{ text }])
    expect(repeatsBetween(planted)).toHaveLength(1)
  })
})
