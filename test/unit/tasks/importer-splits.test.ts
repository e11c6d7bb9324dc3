import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assignSplits, type SplitPlan } from '../../../tasks/importers/assign-splits.ts'
import { ItemTable } from '../../../tasks/importers/item-table.ts'
import { openScratch } from '../../../tasks/importers/scratch.ts'
import { importFolder, jsonLines, sharedGroups, times } from '../../support/import-folder.ts'

type Row = { id: string; skill: string; group: string | null }

function divide(
  rows: readonly Row[],
  { seed = 1, ...change }: Partial<SplitPlan & { seed: number }> = {},
): Map<string, string> {
  using scratch = openScratch(':memory:')
  const table = new ItemTable(scratch, seed)
  for (const row of rows) table.add({ ...row, input: row.id, answer: row.id })
  const plan = { audit: 0, examples: 0, seeds: 0, validationShare: 1 / 4, ...change }
  const given = [...assignSplits(table, plan).roles()]
  return new Map(rows.map(({ id }, index) => [id, given[index]!]))
}
const count = (split: Map<string, string>, role: string) => [...split.values()].filter((value) => value === role).length

const rowsOf = fc
  .array(fc.tuple(fc.nat(5), fc.option(fc.nat(30), { nil: null })), { minLength: 1, maxLength: 120 })
  .map((pairs) =>
    pairs.map(
      ([skill, group], index): Row => ({
        id: `i${index}`,
        skill: `s${skill}`,
        group: group === null ? null : `g${group}`,
      }),
    ),
  )

describe('the division of an imported set', () => {
  test('is 1:3 in each stratum, to within half a group', () => {
    const rows = times(580, (index) => ({ id: `i${index}`, skill: `s${index % 10}`, group: null }))
    const split = divide(rows)
    expect([count(split, 'validation'), count(split, 'test')]).toEqual([145, 435])
    for (const skill of times(10, (index) => `s${index}`)) {
      const validation = rows.filter((row) => row.skill === skill && split.get(row.id) === 'validation').length
      expect(Math.abs(validation - 14.5)).toBeLessThanOrEqual(1)
    }
  })

  test('holds no more than was wanted, in the same shares of each stratum', () => {
    const rows = times(580, (index) => ({ id: `i${index}`, skill: `s${index % 10}`, group: null }))
    const split = divide(rows, { evaluated: 80 })
    expect([count(split, 'validation'), count(split, 'test'), count(split, 'dropped')]).toEqual([20, 60, 500])
    for (const skill of times(10, (index) => `s${index}`)) {
      const test = rows.filter((row) => row.skill === skill && split.get(row.id) === 'test').length
      expect(Math.abs(test - 6)).toBeLessThanOrEqual(1)
    }
    expect(divide(rows, { evaluated: 580 })).toEqual(divide(rows))
  })

  test('names the strata that are too small to be in both splits', async () => {
    await using folder = await importFolder()
    const topics = times(42, (index) => (index < 40 ? `big-${index % 2}` : `lone-${index}`))
    const rows = topics.map((topic, index) => ({ question: `What is ${index}?`, answer: `the ${index}th`, topic }))
    const source = await folder.put('a.jsonl', jsonLines(rows))
    const { log } = await folder.import('jsonl', source, { options: { skill: 'topic' } })
    expect(log.notes).toEqual([
      "Read: question from 'question', answer from 'answer', skill from 'topic'.",
      'Skills with too few questions to be in both validation and test: 2 (lone-40, lone-41).',
    ])
  })

  test.each([
    ['labels', 5, (index: number) => ({ skill: 'all', answer: `label-${index % 5}` })],
    [
      'rare labels',
      5,
      (index: number) => ({ skill: 'all', answer: `label-${[0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4][index % 12]}` }),
    ],
    ['skills', 4, (index: number) => ({ skill: `s${index % 4}`, answer: `${index}` })],
    ['rare skills', 4, (index: number) => ({ skill: `s${index % 40 < 37 ? 0 : index % 4}`, answer: `${index}` })],
    ['labels that cross skills', 6, (index: number) => ({ skill: `s${index % 7}`, answer: `label-${index % 6}` })],
  ])('worked examples cover %s', (_, kinds, of) => {
    using scratch = openScratch(':memory:')
    const table = new ItemTable(scratch, 1)
    const rows = times(200, (index) => ({ id: `i${index}`, group: null, input: `question ${index}`, ...of(index) }))
    for (const row of rows) table.add(row)
    expect(table.kinds.count).toBe(kinds)
    const examples = Math.max(3, kinds)
    const given = [...assignSplits(table, { audit: 0, examples, seeds: 0, validationShare: 1 / 4 }).roles()]
    const chosen = rows.filter((_, index) => given[index] === 'example')
    expect(chosen).toHaveLength(examples)
    const column = table.kinds.column === 'label' ? 'answer' : 'skill'
    expect(new Set(chosen.map((row) => row[column])).size).toBe(kinds)
  })

  test('gives every item one role, a whole group one role, and depends on neither the order nor the strata’s order', () => {
    fc.assert(
      fc.property(rowsOf, fc.nat(1000), fc.nat(10), fc.nat(10), (rows, seed, audit, seeds) => {
        const plan = { seed, audit, seeds, examples: 3 }
        const split = divide(rows, plan)
        const byGroup = Map.groupBy(
          rows.filter(({ group }) => group !== null),
          ({ group }) => group,
        )
        for (const members of byGroup.values()) expect(new Set(members.map(({ id }) => split.get(id))).size).toBe(1)
        expect([...split.values()]).not.toContain('dropped')
        const again = divide(rows.toReversed(), plan)
        for (const { id } of rows) expect(again.get(id)).toBe(split.get(id))
      }),
    )
  })

  test('another seed divides otherwise', () => {
    const rows = times(60, (index) => ({ id: `i${index}`, skill: 'all', group: null }))
    expect(divide(rows, { seed: 2 })).not.toEqual(divide(rows))
    expect(divide(rows, { seed: 2 })).toEqual(divide(rows, { seed: 2 }))
  })

  test('with fewer items than strata still comes near 1:3', () => {
    const rows = times(40, (index) => ({ id: `i${index}`, skill: `s${index}`, group: null }))
    const split = divide(rows)
    expect(count(split, 'validation')).toBe(10)
    const audited = divide(rows, { audit: 6, seeds: 4 })
    expect([count(audited, 'audit'), count(audited, 'seed')]).toEqual([6, 4])
  })
})

describe('an imported folder', () => {
  const rows = times(80, (index) => ({ question: `What is ${index}?`, answer: `${index}`, page: `p${index >> 2}` }))
  const options = { group: 'page' }

  test('is the same byte for byte for the same seed, and another for another', async () => {
    await using folder = await importFolder()
    const source = await folder.put('a.jsonl', jsonLines(rows))
    const files = ['validation.jsonl', 'test.jsonl', 'few-shot.json', 'import.json']
    const texts = []
    for (const seed of [3, 3, 4]) {
      const { out } = await folder.import('jsonl', source, { seed, options })
      texts.push(await Promise.all(files.map((file) => readFile(`${out}/${file}`, 'utf8'))))
    }
    expect(texts[1]).toEqual(texts[0])
    expect(texts[2]![0]).not.toBe(texts[0]![0])
  })

  test('divides the same questions alike, in whatever order they stand', async () => {
    await using folder = await importFolder()
    const named = times(81, (index) => ({
      nr: `n${index}`,
      question: `Q${index}?`,
      answer: 'a',
      topic: `t${index % 9}`,
    }))
    const halves = [named, named.toReversed()]
    const options = { id: 'nr', skill: 'topic' }
    const [first, second] = await Promise.all(
      halves.map(async (half, index) =>
        folder.import('jsonl', await folder.put(`${index}.jsonl`, jsonLines(half)), { options }),
      ),
    )
    const ids = (items: { id: string }[]) => items.map(({ id }) => id).sort()
    expect(ids(second!.task.validation)).toEqual(ids(first!.task.validation))
    expect(ids(second!.task.test)).toEqual(ids(first!.task.test))
  })

  test('sets audit items aside that share nothing with the splits', async () => {
    await using folder = await importFolder()
    const source = await folder.put('a.jsonl', jsonLines(rows))
    const { audit, items, counts } = await folder.import('jsonl', source, { audit: 16, options })
    const set = await audit()
    expect(counts.audit).toBe(16)
    expect(set).toHaveLength(16)
    expect(sharedGroups(set, items)).toEqual([])
    const asked = new Set(items.map(({ input }) => input))
    expect(set.filter(({ input }) => asked.has(input))).toEqual([])
  })

  test('lets replies be as long as the answers are, where a reply has to be the answer', async () => {
    await using folder = await importFolder()
    const tokensOf = async (name: string, answer: (index: number) => string, scorer: string) => {
      const lines = rows.map((row, index) => ({ ...row, answer: answer(index) }))
      const { task } = await folder.import('jsonl', await folder.put(name, jsonLines(lines)), { options: { scorer } })
      return task.inference.max_new_tokens
    }
    expect(await tokensOf('labels.jsonl', (index) => ['Billing', 'Shipping'][index % 2]!, 'exact')).toBe(64)
    expect(await tokensOf('long.jsonl', (index) => `${index} `.padEnd(300, 'word '), 'exact')).toBe(320)
    expect(await tokensOf('sums.jsonl', String, 'numeric')).toBe(4096)
  })

  test('takes the audit from a file, and its questions and groups out of the splits', async () => {
    await using folder = await importFolder()
    const source = await folder.put('a.jsonl', jsonLines(rows))
    const own = [rows[0]!, { ...rows[40]!, question: 'Something new?' }, { question: 'Other?', answer: '', page: 'x' }]
    const file = await folder.put('audit.jsonl', jsonLines(own))
    const { audit, items, log } = await folder.import('jsonl', source, { audit: file, options })
    expect((await audit()).map(({ input }) => input)).toEqual(['What is 0?', 'Something new?'])
    expect(sharedGroups(await audit(), items)).toEqual([])
    expect(Object.fromEntries(log.dropped)).toMatchObject({
      'stands in the audit file': 1,
      'shares its group with the audit file': 7,
      'no answer': 1,
    })
    expect(log.listed).toContainEqual({ where: 'audit: audit.jsonl:3', why: 'no answer' })
    const empty = await folder.put('none.jsonl', '{}\n')
    expect((await folder.refused('jsonl', source, { audit: empty, options })).what).toMatch(
      /audit file has no question/,
    )
  })

  test('is refused where there is too little to divide', async () => {
    await using folder = await importFolder()
    const few = await folder.put(
      'few.jsonl',
      jsonLines(rows.slice(0, 4).map((row, index) => ({ ...row, page: index }))),
    )
    expect((await folder.refused('jsonl', few, { options })).what).toMatch(/too few to divide/)
    const one = await folder.put('one.jsonl', jsonLines(rows.map((row) => ({ ...row, page: 'same' }))))
    expect((await folder.refused('jsonl', one, { options })).what).toMatch(/80 questions in 1 group:/)
    const all = await folder.put('all.jsonl', jsonLines(rows))
    expect((await folder.refused('jsonl', all, { audit: 80, options })).fix).toMatch(/fewer audit items/)
  })
})
