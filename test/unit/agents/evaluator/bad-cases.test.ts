import { expect, test } from 'vitest'
import { grade, sampleBadCases } from '../../../../agents/evaluator/scorer/grading.ts'
import type { Item } from '../../../../schemas/task.ts'
import { openTaskScorer } from '../../../../tasks/score-with.ts'

const item = (id: string): Item => ({
  id,
  part: 'benchmark',
  skill: 's',
  instruction: 'Answer.',
  input: `What is ${id}?`,
  answer: '7',
  coreKey: id,
})
const replies = { inForm: '7', wordy: 'The answer is 7.', wrong: '8' }

test('failed cases are what is wrong by the scoring that counts, and say when the form alone is', async () => {
  const items = Object.keys(replies).map(item)
  const predictions = Object.entries(replies).map(([id, text]) => ({ id, text, finish: 'stop' as const, tokens: 3 }))
  const graded = await grade(items, predictions, openTaskScorer({ name: 'numeric', primary: 'strict', options: {} }))
  const cases = (mode: 'strict' | 'lenient', most = 4) =>
    sampleBadCases(graded, most, mode).map(({ id, reason }) => `${id}: ${reason}`)
  expect(cases('strict')).toEqual(['wordy: within tolerance but for its form', 'wrong: out of tolerance'])
  expect(cases('lenient')).toEqual(['wrong: out of tolerance'])
  expect(cases('strict', 1)).toEqual(['wordy: within tolerance but for its form'])
})
