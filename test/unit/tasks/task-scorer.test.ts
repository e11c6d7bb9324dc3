import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseNumber } from '../../../tasks/scorers/boxed-number.ts'
import { cpuMsOf } from '../../support/cpu-time.ts'
import { scorers } from '../../support/scorers.ts'

const scorer = scorers['boxed-number']!
const verdict = (reply: string, gold: string, options = {}) => {
  const { strict, lenient } = scorer.score(reply, gold, options)
  return { strict, lenient }
}
const both = { strict: true, lenient: true }
const neither = { strict: false, lenient: false }
const lenientOnly = { strict: false, lenient: true }

describe('boxed-number', () => {
  test.each([
    ['The answer is therefore \\boxed{12.50}.', '12.50', both],
    ['\\boxed{12.5}', '12.50', both],
    ['\\boxed{1,234.50}', '1234.50', both],
    ['\\boxed{$12.50}', '12.50', both],
    ['\\boxed{ -3.00 }', '-3.00', both],
    ['\\boxed{12.50} or rather \\boxed{13.00}', '13.00', both],
    ['\\boxed{12.50} or rather \\boxed{13.00}', '12.50', neither],
    ['\\boxed{12.50} in the form \\boxed{X.XX}', '12.50', both],
    ['\\boxed{12.50} and \\boxed{13', '12.50', both],
    ['It is 12.50.', '12.50', lenientOnly],
    ['12.50 is the answer, not 13', '12.50', lenientOnly],
    ['12.50 is the answer, not 13', '13', neither],
    ['\\boxed{the price}, so 12.50', '12.50', lenientOnly],
    ['\\boxed{unknown}, so 12.50', '12.50', neither],
    ['\\boxed{twelve}, so 12.50', '12', lenientOnly],
    ['It comes to 1,234.50 in all', '1234.50', lenientOnly],
    ['It fell by -3.00', '-3.00', lenientOnly],
    ['13-3', '3.00', neither],
    ['13-3', '10.00', lenientOnly],
    ['\\boxed{13.00}, I mean 12.50', '12.50', neither],
    ['', '12.50', neither],
    ['no idea', '12.50', neither],
  ])('%s against %s', (reply, gold, expected) => {
    expect(verdict(reply, gold)).toEqual(expected)
  })

  test('the tolerance is absolute and can be set', () => {
    expect(verdict('\\boxed{12.505}', '12.50')).toEqual(both)
    expect(verdict('\\boxed{12.51}', '12.50')).toEqual(neither)
    expect(verdict('\\boxed{12.59}', '12.50', { tolerance: 0.1 })).toEqual(both)
    expect(() => scorer.score('\\boxed{1}', '1', { tolerance: -1 })).toThrow()
    expect(() => scorer.score('\\boxed{1}', '1', { tolerence: 1 })).toThrow()
  })

  test('a gold answer that is no number is an error, not a zero', () => {
    expect(() => scorer.score('12', 'twelve')).toThrow('twelve')
  })

  const cents = fc.integer({ min: -10_000_000, max: 10_000_000 })
  const written = cents.map((value) => (value / 100).toFixed(2))
  const noise = fc.string({ maxLength: 40 }).filter((text) => !/\d|\\boxed/.test(text))

  test('every number in the form scores against itself, with or without thousands commas', () => {
    fc.assert(
      fc.property(written, noise, (gold, before) => {
        expect(verdict(`${before} ${scorer.inForm(gold)}`, gold)).toEqual(both)
        const commas = Number(gold).toLocaleString('en-US', { minimumFractionDigits: 2 })
        expect(verdict(`${before} \\boxed{${commas}} ${before}`, gold)).toEqual(both)
      }),
    )
  })

  test('two different amounts never score against each other', () => {
    fc.assert(
      fc.property(cents, cents, (a, b) => {
        fc.pre(a !== b)
        expect(verdict(scorer.inForm((a / 100).toFixed(2)), (b / 100).toFixed(2))).toEqual(neither)
      }),
    )
  })

  test('strict implies lenient, and any text gets a verdict', () => {
    const piece = fc.oneof(written, fc.constantFrom('\\boxed{', '}', '{', ' ', ',', '.', '-', '−', '\\'), fc.string())
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), written, (pieces, gold) => {
        const score = scorer.score(pieces.join(''), gold)
        expect(score.strict && !score.lenient).toBe(false)
        if (score.lenient) expect(score.extracted).not.toBeNull()
      }),
    )
  })

  // A quadratic reading of these would take minutes, a linear one takes milliseconds.
  test.each([
    ['digits', '1'.repeat(2_000_000)],
    ['commas', '1,'.repeat(1_000_000)],
    ['thousands', '1,234'.repeat(500_000)],
    ['minus signs', '-'.repeat(2_000_000)],
    ['final-evals', '\\boxed{'.repeat(300_000)],
    ['empty boxes', '\\boxed{}'.repeat(300_000)],
    ['spaces in a box', `\\boxed{${' '.repeat(2_000_000)}`],
  ])('two million characters of %s take linear time', (_, text) => {
    expect(cpuMsOf(() => void scorer.score(text, '1.00'))).toBeLessThan(5_000)
  })

  test.each(['1e3', '0x10', 'Infinity', 'NaN', '', ' ', '1,23', '1.2.3', '--1'])('%j is no number', (text) => {
    expect(parseNumber(text)).toBeNull()
  })
})
