import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { lineScorers } from '../../support/scorers.ts'

/** A line of a results file with the verdict that a careful person gives. */
type Case = { response: string; gold: unknown; unit?: string; want: boolean }

const conclusionOf = (scorer: string, line: object) => lineScorers[scorer]!(line, 'normalised')

/** `answers/<scorer>.jsonl`: replies as models write them. Nearly all were scored otherwise before there was one reader of answers. */
const folder = join(import.meta.dirname, 'answers')
describe.each(readdirSync(folder).map((name) => name.replace('.jsonl', '')))('%s', (scorer) => {
  const lines = readFileSync(join(folder, `${scorer}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
  const cases = lines.map((line): Case => JSON.parse(line))

  test.each([true, false])('gives the verdict of a careful person: %s', (want) => {
    const asked = cases.filter((each) => each.want === want)
    const wrong = asked.filter(({ want, ...line }) => {
      const verdict = conclusionOf(scorer, line)
      return 'invalid' in verdict || verdict.correct !== want
    })
    expect(wrong).toEqual([])
    expect(asked.length).toBeGreaterThan(0)
  })

  test('never says anything else about the same line', () => {
    const all = () => cases.map((line) => conclusionOf(scorer, line))
    expect(all()).toEqual(all())
  })
})

describe('where two readings are defensible', () => {
  test.each([
    [
      'a decimal comma is not read, for 12,500 may be either',
      'numeric',
      'Total: 12,5',
      { 12.5: false, 125: false, 5: false },
    ],
    ['… but where points part the thousands it can mean nothing else', 'numeric', 'Total: 1.234,5', { 1234.5: true }],
    ['an exclamation mark ends a sentence', 'numeric', 'So it is 6!', { 6: true, 720: false }],
    ['… and is a factorial, which is not read, elsewhere', 'numeric', 'Result: 6!', { 6: false, 720: false }],
    ['per cents are a number or a share', 'numeric', '28%', { 28: true, 0.28: true, '28%': true, '0.28%': false }],
    ['a scale word may be meant by the gold', 'numeric', '5 million', { 5: true, 5000000: true }],
    ['two units may be asked for in either', 'numeric', '2 h 15 min', { 2.25: true, 135: true, 2: false, 15: false }],
    ['a range is no number', 'numeric', 'It takes 10-12 days', { 10: false, 12: false }],
    ['a difference that does not ascend is computed', 'numeric', '13-3', { 10: true, 3: false, 13: false }],
    ['an uncertainty is left out', 'numeric', '12.3 ± 0.1', { 12.3: true, 0.1: false }],
    ['… but two roots are no number', 'numeric', '1 ± \\sqrt{19}', { 1: false }],
    ['of several variables the first is meant', 'numeric', 'x = 3, y = 4', { 3: true, 4: false }],
    ['… and of one with two values none', 'numeric', 'x = 3 or x = 4', { 3: false, 4: false }],
    ['a ratio is a quotient', 'numeric', '5:4', { 1.25: true, 5: false, 4: false }],
    ['… but for a time of day', 'numeric', '12:30', { 0.4: false, 12: false, 30: false }],
    ['a loss is asked for as one, or as a negative gain', 'numeric', 'a loss of $500', { 500: true, '-500': true }],
    ['whatever letters follow a number are its unit', 'numeric', 'The answer is 43abc', { 43: true }],
    [
      'an answer that is called final comes before a box',
      'numeric',
      '\\boxed{5}. Final answer: 6',
      { 6: true, 5: false },
    ],
    [
      'a box comes before any other label behind it',
      'numeric',
      '\\boxed{6}. The answer is 2 more than 4.',
      { 6: true },
    ],
    ['a correction comes before a box', 'numeric', '\\boxed{5} Wait, the answer is 6.', { 6: true, 5: false }],
    ['thoughts that do not end hold no answer', 'numeric', '<think>So the answer is 5.', { 5: false }],
    ['an answer that there is none holds no number', 'numeric', 'Answer: no solution for n = 5', { 5: false }],
    ['two letters are no choice', 'choice', 'The answer is A or B.', { A: false, B: false }],
    ['… but for a correction', 'choice', 'The answer is A. Wait, no, it must be B.', { B: true, A: false }],
    ['a name that ends in a letter is no choice', 'choice', 'The patient has hepatitis B.', { B: false }],
    ['a list and a tuple are one', 'python-literal', '(1, 2)', { '[1, 2]': true, '{1, 2}': false }],
    ['True is not 1', 'python-literal', 'True', { 1: false, True: true }],
    ['a text needs no quotes', 'python-literal', 'abc', { "'abc'": true }],
    ['an item that is said twice counts once', 'set', 'A, A, B', { 'A, B': true, A: false }],
    ['alternatives are no list', 'set', 'A or B', { 'A, B': false }],
    ['two texts are no answer', 'exact', 'Paris or London', { Paris: false, London: false }],
  ] as const)('%s (%s)', (_, scorer, response, golds) => {
    for (const [gold, correct] of Object.entries(golds)) {
      expect({ gold, ...conclusionOf(scorer, { response, gold }) }).toMatchObject({ gold, correct })
    }
  })
})
