import { expect, test } from 'vitest'
import { checkAnswerable } from '../../../experiments/checks/task/answerable.ts'
import type { Item } from '../../../schemas/task.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { loadTask } from '../../../tasks/load.ts'

const bundled = await loadTask(bundledTask)

function problemsOf(scorer: string, questions: readonly (readonly [input: string, answer: string])[]) {
  const items = questions.map(
    ([input, answer], at): Item => ({ ...bundled.test[0]!, id: `q${at}`, instruction: 'Answer.', input, answer }),
  )
  return checkAnswerable({ ...bundled, scorer: { ...bundled.scorer, name: scorer }, validation: items, test: [] })
    .problems
}

test('the bundled task lacks nothing', () => {
  expect(checkAnswerable(bundled).problems).toEqual([])
})

test.each([
  ['choice', 'Which part is it?', 'B', 'letter'],
  ['choice', 'Which part is a leaf?', 'A', 'letter'],
  ['choice', 'Which part is it?\nA. leaf\nB. root', 'D', 'letter'],
  ['exact', 'Which part of the plant holds it upright?', 'C', 'letter'],
  ['exact', 'Which of the following is a prime?', '7', 'choices'],
  ['exact', 'Which one of these options is right?', 'root', 'choices'],
  ['exact', 'All of the following are plants except', 'iron', 'choices'],
  ['exact', 'According to the passage, who planted the oak?', 'Ines', 'text'],
  ['exact', 'In the article, what is the oak called?', 'Old Tom', 'text'],
  ['exact', 'Based on the text above, when did it rain?', 'May', 'text'],
  ['contains', 'What does the paragraph above say of oaks?', 'tall', 'text'],
])('%s: %s', (scorer, input, answer, word) => {
  expect(problemsOf(scorer, [[input, answer]])).toEqual([expect.stringMatching(new RegExp(`item q0: .*${word}`))])
})

test('places of choices that were left out', () => {
  const places = Array.from(
    { length: 8 },
    (_, at) => [`Which part is it in case ${'abcdefgh'[at]}?`, `${at % 4}`] as const,
  )
  expect(problemsOf('exact', places)).toHaveLength(8)
  expect(
    problemsOf(
      'exact',
      places.map(([, answer], at) => [`How many leaves has plant ${at}?`, answer]),
    ),
  ).toEqual([])
})

test.each([
  ['choice', 'Which part is it?\nA. leaf\nB. root', 'A'],
  ['choice', 'Which part is it? (a) leaf (b) root', 'B'],
  ['choice', 'Which part is it? A) leaf B) root C) seed', 'C'],
  ['exact', 'Which letter comes after B?', 'C'],
  ['exact', 'Which of the following is a prime? 4, 6, 7', '7'],
  ['exact', 'Which of the following is largest: 3/4, 2/3?', '3/4'],
  ['exact', 'Which of the following is right?\n- leaf\n- root', 'root'],
  ['exact', 'Context:\nInes planted the oak.\n\nQuestion: According to the passage, who planted it?', 'Ines'],
])('nothing is wanting: %s: %s', (scorer, input, answer) => {
  expect(problemsOf(scorer, [[input, answer]])).toEqual([])
})
