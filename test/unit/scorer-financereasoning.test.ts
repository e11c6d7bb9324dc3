import { describe, expect, test } from 'vitest'
import { finalAnswer } from '../../tasks/scorers/final-answer.ts'
import { scoreFinanceReasoning } from '../../tasks/scorers/financereasoning.ts'

const score = (prediction: unknown, gold: number | boolean, mode: 'official' | 'normalised' = 'official') =>
  scoreFinanceReasoning({ prediction, gold }, mode)

describe('FinanceReasoning, official', () => {
  test.each<[unknown, number | boolean]>([
    ['5', 5],
    [' await 472', 472],
    ['5%', 5],
    ['$1,234.50', 1234.5],
    ['5 million', 5],
    ['5 or 6', 5],
    ['x5', 5],
    ['(5)', 5],
    ['12 apples', 12],
    ['about 12', 12],
    ['Profit = 12.', 12],
    ['1002', 1000],
    ['10^3', 9],
    ['1,234', 1],
    ['1,050', 1050],
    ['1/2', 0.5],
    ['[5, 6]', 5],
    ['1', true],
    ['not true', true],
    ['Yes.', true],
    ['No', false],
    [5, 5],
    [true, 1],
    ['0', 0],
  ])('accepts %j for %j', (prediction, gold) => expect(score(prediction, gold).correct).toBe(true))

  test.each<[unknown, number | boolean, string]>([
    ['0.05', 5, 'out-of-tolerance'],
    ['500', 5, 'out-of-tolerance'],
    ['1,234.5', 1234.5, 'out-of-tolerance'],
    ['1003', 1000, 'out-of-tolerance'],
    ['5 x 10^3', 5000, 'not-a-number'],
    ['None', 5, 'not-a-number'],
    ["'5'", 5, 'not-a-number'],
    ['007', 7, 'not-a-number'],
    ['1e-9', 0, 'out-of-tolerance'],
    ['round(5.0)', 5, 'unsupported-expression'],
    ['', 5, 'no-answer'],
    [null, 5, 'no-answer'],
  ])('refuses %j for %j: %s', (prediction, gold, reason) => {
    expect(score(prediction, gold)).toMatchObject({ correct: false, reason })
  })

  test('reads a whole reply in place of the model that upstream asks', () => {
    const of = (response: string, gold: number | boolean) =>
      scoreFinanceReasoning({ response, gold }, 'official').correct
    expect(of('First 7. Therefore, the answer is **$82,350.5**.', 82350.5)).toBe(true)
    expect(of('Therefore, the answer is 64.8 million dollars. Good.', 64.8)).toBe(true)
    expect(of('Therefore, the answer is \\boxed{True}.', true)).toBe(true)
    expect(of('Therefore, the answer is 83,000.', 82350.5)).toBe(false)
  })
})

describe('FinanceReasoning, normalised', () => {
  test.each<[unknown, number | boolean]>([
    ['1,234.5', 1234.5],
    ['5 x 10^3', 5000],
    ['10**3', 1000],
    ['2*10**-3', 0.002],
    ['**5**', 5],
    ['5 million', 5_000_000],
    ['5 million', 5],
    ['$(1,200)', -1200],
    ['\\frac{1}{2}', 0.5],
    ['it is not true', false],
    ['1', true],
  ])('accepts %j for %j', (prediction, gold) => expect(score(prediction, gold, 'normalised').correct).toBe(true))

  test.each<[unknown, number | boolean]>([
    ['1,234', 1],
    ['not true', true],
    ['5', 5.1],
    ['maybe', true],
  ])('refuses %j for %j', (prediction, gold) => expect(score(prediction, gold, 'normalised').correct).toBe(false))
})

test.each([
  ['The answer is 3.\nNo: the final answer is: **4.5%**. Done.', '4.5%'],
  ['So \\boxed{7}', '7'],
  ['We get 3 and then 9', '9'],
  ['nothing', null],
])('the final answer of %j is %j', (reply, answer) => expect(finalAnswer(reply)).toBe(answer))
