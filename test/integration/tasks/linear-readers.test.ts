import { describe, expect, test } from 'vitest'
import { EndpointOptions } from '../../../schemas/endpoint.ts'
import { answerIn } from '../../../tasks/seed-pool.ts'
import { lineScorers, scorers } from '../../support/scorers.ts'

/** How a text of this many characters begins, goes on again and again, and ends. */
const long = ([head, piece, tail]: readonly [string, string, string], chars: number): string =>
  head + piece.repeat(chars / piece.length) + tail

/** Texts in which a reader that tries every beginning goes over the rest each time: made from the reports of a checker of expressions. */
const texts: Readonly<Record<string, readonly [string, string, string]>> = {
  'a question of its own': ['\nQ\t', '\t', '\n'],
  'a letter, then blanks': ['A', ' ', 'x'],
  'prompts of Python': ['>>>', '\n', 'x'],
  'a label, then tabs': ['PRINT:\t', '\t\t', '\n'],
  'digits before a letter': ['0', '0', 's'],
  'an open parenthesis': ['(0', '*^', '('],
  'a sum that does not close': [' (', '  +', ''],
  'full stops': ['a', '.', 'x'],
  'marks of exclamation': ['a', '!', 'x'],
  alternatives: ['=', ' or ', ''],
  'ends of an answer': ['assert ', '[/ANSWER]', '\n[/ANSWER]'],
  'empty lines': ['a', '\n', 'x'],
  'a mark, then blanks': ['✓', ' ', 'x'],
  'words of conclusion': ['', 'so 5 ', ''],
  'words without an end': ['so it is ', 'a', ''],
  denials: ['', 'not ', '5'],
  'values set as code': ['it is ', '`1` ', ''],
  'lists that do not close': ['it is ', '[1 ', ''],
  'letters that are judged': ['', 'A is false. ', ''],
  'options of a list': ['', '- **A** - x\n', ''],
}

const milliseconds = (read: () => unknown): number => {
  const before = process.cpuUsage()
  read()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

describe.each(Object.entries(texts))('%s cost what they are long', (_, parts) => {
  test.each(Object.entries(scorers))('%s', (name, scorer) => {
    const gold = { choice: 'B', 'json-fields': '{"a":1}', set: 'a, b' }[name] ?? '42'
    expect(milliseconds(() => scorer.score(long(parts, 60_000), gold, scorer.options.parse({})))).toBeLessThan(1500)
  })

  test.each(Object.keys(lineScorers))('lines of %s', (name) => {
    const text = long(parts, 60_000)
    const score = lineScorers[name]!
    const line = { response: text, model_output: text, gold: '42', answer: '42', unit: '', output: '42', input: '1' }
    expect(milliseconds(() => score(line, 'normalised'))).toBeLessThan(1500)
  })
})

test.each([
  ['a', '\n', 'x'],
  ['', '\r\n', '#'],
  ['. ', ' ', 'x'],
  ['', 'answer ', ''],
  ['', '\n答案', ''],
] as const)('a seed of %j cost what they are long', (...parts) => {
  expect(milliseconds(() => answerIn(long(parts, 1_000_000)))).toBeLessThan(1500)
})

test('and find what they found', () => {
  expect(answerIn('What is due?\n\n  The final answer is: 4')).toBe('The final answer is: 4')
  expect(answerIn('What is due? Answer: 4')).toBe('Answer: 4')
  expect(answerIn('What is due?\r\n #### 4')).toBe('#### 4')
  expect(answerIn('What is due?\n\nAnswer: ____')).toBeNull()
  expect(EndpointOptions.parse({ baseUrl: 'http://a.example/v1///' }).baseUrl).toBe('http://a.example/v1')
})
