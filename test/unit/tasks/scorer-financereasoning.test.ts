import { describe, expect, test } from 'vitest'
import { finalAnswer } from '../../../tasks/scorers/finance-extractor/final-answer.ts'
import { scoreFinanceReasoning } from '../../../tasks/scorers/financereasoning.ts'

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
    ['2**3', 8],
    ['sqrt(16)', 4],
    ['2\\ln 2', 1.3863],
    ['2 ** 3', 8],
    ['(1 + 1)**3 dollars', 8],
    ['1.05^10', 1.62889],
    ['10⁻³', 0.001],
    ['2^{10}', 1024],
    ['-2^2', -4],
    ['1000 × 1.05^2', 1102.5],
    ['1,000*(1+0.05)^2 = ', 1102.5],
    ['total 3 × 40 + 5', 125],
    ['500 - 300', 200],
    ['-5 - 3', -8],
    ['12% * 300', 36],
    ['12%', 12],
    ['-(1,200)', -1200],
    ['−€5', -5],
    ['minus 5.5', -5.5],
    ['‑7', -7],
    ['1 234 567', 1_234_567],
    ['1\u202f234.5', 1234.5],
    ["1'234.5", 1234.5],
    ['1.234.567,89', 1_234_567.89],
    ['12,34,567', 1_234_567],
    ['1_000', 1000],
    ['1 1/2', 1.5],
    ['2½', 2.5],
    ['1\\frac{1}{4}', 1.25],
    ['1.5E+03', 1500],
    ['2.5e-3', 0.0025],
    ['2\\sqrt{9}', 6],
    ['7/8 of it', 0.875],
    ['5 +/- 0.2', 5],
    ['5 m^2', 5],
    ['5 (in 2023)', 5],
    ['(5)', -5],
  ])('accepts %j for %j', (prediction, gold) => expect(score(prediction, gold, 'normalised').correct).toBe(true))

  test.each<[unknown, number | boolean]>([
    ['1,234', 1],
    ['not true', true],
    ['5', 5.1],
    ['maybe', true],
    ['2**3', 2],
    ['10³', 10],
    ['-(1,200)', 1200],
    ['1 234', 1],
    ['1/0', 1],
    ['10**9999', 10],
    [`${'('.repeat(1000)}5`, 7],
  ])('refuses %j for %j', (prediction, gold) => expect(score(prediction, gold, 'normalised').correct).toBe(false))
})

test.each([
  ['The answer is 3.\nNo: the final answer is: **4.5%**. Done.', '4.5%'],
  ['So \\boxed{7}', '7'],
  ['We get 3 and then 9', '9'],
  ['nothing', null],
])('the final answer of %j is %j', (reply, answer) => expect(finalAnswer(reply)).toBe(answer))

describe('an answer that is not understood as a whole is no number to a person', () => {
  test.each([
    ['12,5', 12],
    ['2 (3+4)', 2],
    ['8!', 8],
    ['5(3)', 5],
    ['(2)(3)', 2],
    ['5, 6', 5],
    ['1,234,56', 1234],
    ['1.2.3', 1.2],
    ['12:30', 12],
    ['0x10', 0],
    ['12 34', 12],
    ['3+4i', 7],
    ['2^n', 2],
    ['5 + C', 5],
    ['x + 5', 5],
    ['x - 5', -5],
    ['\\frac{x}{2}', 2],
    ['2 = 8!', 2],
    ['1e400', 1],
    ['10 - 12 years', 10],
    ['2023-12-31', 2023],
  ])('%s is not %d', (prediction, gold) => {
    expect(score(prediction, gold, 'normalised')).toMatchObject({ correct: false, reason: 'not-a-number' })
  })

  test.each([
    ['5 (in millions)', 5],
    ['45.2 (45.2%)', 45.2],
    ['2.5:1', 2.5],
    ['3 \\sqrt{2}', 4.2426],
    ['5 m^2', 5],
    ['30^\\circ', 30],
    ['5 - five dollars', 5],
    ['USD -5', -5],
    ['5 ± 0.1', 5],
    ['\\text{approximately } 3.5', 3.5],
    ['5x', 5],
    ['\\text{Rs}500', 500],
    ['120 K^{-1}', 120],
  ])('%s is %d', (prediction, gold) => {
    expect(score(prediction, gold, 'normalised').correct).toBe(true)
  })

  test('"The answer is 8!" is said loudly', () => {
    const loud = scoreFinanceReasoning({ response: 'The answer is 8!', gold: 8 }, 'normalised')
    expect(loud.correct).toBe(true)
  })
})
