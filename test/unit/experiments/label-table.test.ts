import { expect, test } from 'vitest'
import { fitting, labelCounts } from '../../../experiments/inspect/answers.ts'
import { labelTable } from '../../../experiments/inspect/text.ts'
import type { AnsweredItem } from '../../../trace/run-reader.ts'

const items = (reply: (index: number) => string, expected: (index: number) => string): AnsweredItem[] =>
  Array.from({ length: 40 }, (_, index) => ({
    id: `i${index}`,
    skill: 'all',
    input: `question ${index}`,
    expected: [expected(index)],
    answers: [{ model: 'base', reply: reply(index), correct: reply(index) === expected(index), noAnswer: null }],
  }))
const label = (index: number) => ['spam', 'ham'][index % 2]!

test('a student that gives one answer to everything is seen by label', () => {
  const [head, ...lines] = labelTable(
    items(() => 'ham', label),
    'base',
  )!.split('\n')
  expect(head).toMatch(/^label +items +right +most frequent replies$/)
  expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
    ['spam', '20', '0', 'ham 20'],
    ['ham', '20', '20', 'ham 20'],
  ])
})

test('replies of many kinds are cut off after the most frequent ones, and answers that are no labels have no table', () => {
  const table = labelTable(
    items((index) => (index % 2 ? `reply ${index}` : ''), label),
    'base',
  )!
  expect(table).toContain('(nothing) 20')
  expect(table.match(/reply \d+ 1/g)).toHaveLength(4)
  expect(labelTable(items(String, String), 'base')).toBeNull()
})

test('answers are counted for each label, and for all', () => {
  const ham = labelCounts(
    items(() => ' ham ', label),
    'base',
  )
  expect(ham?.all).toEqual({ items: 40, right: 0, replies: [{ reply: 'ham', count: 40 }] })
  expect(ham?.byLabel.map(({ label: of, replies }) => [of, replies[0]?.count])).toEqual([
    ['spam', 20],
    ['ham', 20],
  ])
})

test.each([
  [undefined, true],
  [' ', true],
  ['HAM', true],
  ['question base', false],
  ['ham  question', true],
  ['question 17', false],
])('a search for "%s" finds items by words of any text', (search, isFound) => {
  const [item] = items(() => 'ham', label)
  expect(fitting([item!], 'base', { search })).toHaveLength(isFound ? 1 : 0)
})
