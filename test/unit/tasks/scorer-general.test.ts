import { describe, expect, test } from 'vitest'
import { scoreCruxeval } from '../../../tasks/scorers/cruxeval.ts'
import { editDistance } from '../../../tasks/scorers/edit-distance.ts'
import { scoreGsm8k } from '../../../tasks/scorers/gsm8k.ts'
import { scoreSvamp } from '../../../tasks/scorers/svamp.ts'
import { scorers } from '../../support/scorers.ts'

const both = (name: string, response: string, gold: string, options = {}) => {
  const { strict, lenient } = scorers[name]!.score(response, gold, options)
  return `${strict ? 'strict' : '-'} ${lenient ? 'lenient' : '-'}`
}

test.each([
  ['exact', 'Paris', 'Paris', 'strict lenient'],
  ['exact', 'The answer is **paris**.', 'Paris', '- lenient'],
  ['exact', 'London', 'Paris', '- -'],
  ['contains', '"Closed".', 'closed|shut', 'strict lenient'],
  ['contains', 'The opposite is to SHUT it', 'closed|shut', '- lenient'],
  ['contains', 'It is enclosed', 'closed|shut', '- -'],
  ['choice', '(B)', 'B', 'strict lenient'],
  ['choice', 'A is wrong, so the answer is B because it holds.', 'B', '- lenient'],
  ['choice', 'The answer is C', 'B', '- -'],
  ['numeric', '12.50', '12.5', 'strict lenient'],
  ['numeric', 'The answer is 1,250 m.', '1250', '- lenient'],
  ['numeric', '12.6', '12.5', '- -'],
  ['json-fields', '{"b": 2, "a": 1}', '{"a": 1}', 'strict lenient'],
  ['json-fields', 'Here: {"a": "X "}', '{"a": "x"}', '- lenient'],
  ['json-fields', '{"a": 2}', '{"a": 1}', '- -'],
  ['python-literal', "{'a': (1, 2)}", "{'a': (1, 2)}", 'strict lenient'],
  ['python-literal', 'The answer is [1, 2]', '(1, 2)', '- lenient'],
  ['python-literal', '[2, 1]', '[1, 2]', '- -'],
  ['set', 'b, a', 'a,b', 'strict lenient'],
  ['set', 'The answer is B and.., A', 'a,b', '- -'],
  ['set', 'The answer is B, A.', 'a,b', '- lenient'],
  ['edit-distance', 'kitten sits', 'kitten sits', 'strict lenient'],
  ['edit-distance', 'KITTEN SITS', 'kitten sits', '- lenient'],
  ['edit-distance', 'dog', 'kitten sits', '- -'],
])('%s: %s for %s is %s', (name, response, gold, expected) => expect(both(name, response, gold)).toBe(expected))

test('options change the verdict', () => {
  expect(both('exact', 'paris', 'Paris', { caseSensitive: false })).toBe('strict lenient')
  expect(both('numeric', '12.6', '12.5', { absolute: 0.2 })).toBe('strict lenient')
  expect(both('json-fields', '{"a": 1, "b": 2}', '{"a": 1}', { allowExtra: false })).toBe('- -')
  expect(both('choice', 'F', 'F', { letters: 'ABCDEF' })).toBe('strict lenient')
  expect(() => both('choice', 'A', 'F', { letters: 'ABC' })).toThrow('not a choice')
})

test('editDistance finds the published distances', () => {
  expect(editDistance('kitten', 'sitting')).toBe(3)
  expect(editDistance('intention', 'execution')).toBe(5)
  expect(editDistance('', 'abc')).toBe(3)
})

const golds: Record<string, string[]> = {
  'boxed-number': ['12.5'],
  exact: ['Paris'],
  contains: ['Buenos Aires', 'closed|shut'],
  choice: ['B'],
  numeric: ['12.5', '1,250'],
  'json-fields': ['{"a":[1,null]}'],
  'python-literal': ["{'a': (1,)}"],
  set: ['a,b'],
  'edit-distance': ['abc'],
  scibench: ['12.5', '+3', '6.02 * 10^{23}'],
  'livecodebench-top': ['[1, true, null, "it\'s \\"q\\" \\u00e9\\n"]', '-2.5', '{"a": {}}'],
  financereasoning: ['12.5', 'True', '-0.002', '0'],
  cruxeval: ["[(4, 1), 'x']"],
  gsm8k: ['72', '-1.5'],
  svamp: ['8.0'],
}

test.each(Object.entries(scorers))('%s scores its own golds as right, and an empty reply as wrong', (name, scorer) => {
  expect(golds[name], `a gold for ${name}`).toBeDefined()
  for (const gold of golds[name]!) {
    expect(scorer.score(scorer.inForm(gold), gold)).toMatchObject({ strict: true, lenient: true })
    expect(scorer.score('', gold)).toMatchObject({ strict: false, lenient: false })
  }
})

describe('CRUXEval', () => {
  const official = (line: { prediction?: string; response?: string; gold: string; input?: string }) =>
    scoreCruxeval(line, 'official')
  test.each([
    ['[(4, 1)]', '[(4, 1)]'],
    ['[(4, 1)]', '[(4, 1)], "message"'],
    ["'a'", '"a"  # c'],
    ['5', '0 or True'],
  ])('inserts the text into the assertion: %s, %s', (gold, prediction) => {
    expect(official({ gold, prediction }).correct).toBe(true)
  })
  test('refuses a call of the function, another value, and what is no literal', () => {
    expect(official({ gold: '5', prediction: 'f(1)', input: '1' }).reason).toBe('calls-the-function')
    expect(official({ gold: '5', prediction: '6' }).reason).toBe('different')
    expect(official({ gold: '5', prediction: 'len("12345")' }).reason).toBe('unsupported-expression')
  })
  test('upstream cuts a text at its second ==; a person does not', () => {
    const line = { gold: "'a == b'", response: "[ANSWER]'a == b'[/ANSWER]" }
    expect(official(line).correct).toBe(false)
    expect(scoreCruxeval(line, 'normalised').correct).toBe(true)
  })
  test('reads the answer tags and what follows the first ==', () => {
    const response = '[THOUGHT]f(2) == 3[/THOUGHT][ANSWER]assert f(1) == 5[/ANSWER]'
    expect(official({ gold: '5', response }).correct).toBe(true)
  })
})

test('GSM8K compares the texts after ####', () => {
  const of = (response: string, mode: 'official' | 'normalised') =>
    scoreGsm8k({ response, gold: 'so\n#### 1,072' }, mode).correct
  expect(of('#### 1072', 'official')).toBe(true)
  expect(of('#### 1072.0', 'official')).toBe(false)
  expect(of('#### 5\n#### 1072', 'official')).toBe(false)
  expect(of('The answer is 1072.', 'official')).toBe(false)
  expect(of('The answer is $1,072.00.', 'normalised')).toBe(true)
})

test('SVAMP compares the last number, or that of the answer', () => {
  const of = (response: string, mode: 'official' | 'normalised') => scoreSvamp({ response, gold: 8 }, mode).correct
  expect(of('5 + 3 = 8', 'official')).toBe(true)
  expect(of('The answer is 8. I used 2 steps.', 'official')).toBe(false)
  expect(of('The answer is 8. I used 2 steps.', 'normalised')).toBe(true)
})
