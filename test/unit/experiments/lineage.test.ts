import { expect, test } from 'vitest'
import { helpedBy } from '../../../experiments/inspect/lineage.ts'
import type { AnsweredItem } from '../../../trace/run-reader.ts'

/** Items of two skills; `right` says which student models answer each of them right. */
const item = (
  id: string,
  skill: string,
  right: readonly string[],
  models = ['base', 'attempt-1', 'attempt-2'],
): AnsweredItem => ({
  ...{ id, skill, input: `question ${id}`, expected: ['1'] },
  answers: models.map((model) => ({ model, reply: `${model} says`, correct: right.includes(model), noAnswer: null })),
})
const items = [
  item('both', 'sum', ['attempt-1', 'attempt-2']),
  item('second', 'sum', ['attempt-2']),
  item('lost', 'sum', ['base']),
  item('always', 'sum', ['base', 'attempt-1', 'attempt-2']),
  item('other', 'ratio', ['attempt-1', 'attempt-2']),
]

test('items of the same skill that turned right or wrong are counted against the base and the model before', () => {
  const { against, ...about } = helpedBy('attempt-2', 'sum', items)
  expect(about).toEqual({ model: 'attempt-2', skill: 'sum', items: 4 })
  expect(against.map(({ model, right, wrong, shown }) => [model, right, wrong, shown.map(({ id }) => id)])).toEqual([
    ['base', 2, 1, ['both', 'second']],
    ['attempt-1', 1, 0, ['second']],
  ])
  expect(against[1]!.shown).toEqual([
    { id: 'second', input: 'question second', before: 'attempt-1 says', after: 'attempt-2 says' },
  ])
  // The model before the first attempt is the base: it counts once.
  expect(helpedBy('attempt-1', 'sum', items).against.map(({ model }) => model)).toEqual(['base'])
})

test('a training without scores, and a skill without items, helped nothing', () => {
  expect(helpedBy('attempt-3', 'sum', items)).toEqual({ model: 'attempt-3', skill: 'sum', items: 0, against: [] })
  expect(helpedBy('attempt-2', 'none', items)).toEqual({ model: 'attempt-2', skill: 'none', items: 0, against: [] })
})
