import { describe, expect, test } from 'vitest'
import { scoreScibench, shownUnit } from '../../../tasks/scorers/scibench.ts'

const box = (content: string) => `So the answer is \\boxed{${content}}.`
const official = (content: string, gold: string, unit = '') =>
  scoreScibench({ response: box(content), gold, unit }, 'official').correct
const normalised = (response: string, gold: string, unit = '') =>
  scoreScibench({ response, gold, unit }, 'normalised').correct

describe('SciBench, official', () => {
  test.each([
    ['12.5', '12.5'],
    ['12.5 \\text{ unit}', '12.5'],
    ['x = 12.5', '12.5'],
    ['a = b =  12.5', '12.5'],
    ['1,250', '1250'],
    ['12.51', '12.5'],
    ['1.25e1', '12.5'],
    ['1_2.5', '12.5'],
    ['+12.5', '12.5'],
    ['١٢.٥', '12.5'],
    ['0', '0'],
  ])('accepts %s for %s', (content, gold) => expect(official(content, gold)).toBe(true))

  test.each([
    ['\\approx 12.5', '12.5'],
    ['$12.5$', '12.5'],
    ['12.5%', '12.5'],
    ['12.5\\ \\mathrm{m}', '12.5'],
    ['\\frac{25}{2}', '12.5'],
    ['1.25 \\times 10^{1}', '12.5'],
    ['1e-9', '0'],
    ['', '12.5'],
    ['1250', '1,250'],
    ['-2', '\u22122'],
    ['0x10', '16'],
  ])('refuses %s for %s', (content, gold) => expect(official(content, gold)).toBe(false))

  test('takes the larger of the two as the base of the 5 %', () => {
    expect(official('100', '95')).toBe(true)
    expect(official('100', '94.9')).toBe(false)
  })

  test.each(['7e7', '70000000', '7 \\times 10^{7}', '7*10^7', '7\times10^{ 7 }'])(
    'rescales the gold by a power of ten in the unit: %s',
    (content) => expect(official(content, '7', '$10^{7} \\mathrm{~km}$')).toBe(true),
  )

  test('rescales neither a unit that is a power alone nor an answer without one', () => {
    expect(shownUnit('$10^{7} \\mathrm{~km}$')).toBe('\\mathrm{~km}$')
    expect(shownUnit('$10^{7}$ ')).toBe(' ')
    expect(shownUnit('10^7$')).toBe('10^7$')
    expect(official('7', '7', '10^7')).toBe(true)
    expect(official('7', '7', '10^7 km')).toBe(false)
    expect(official('7 * 10^7 * 1', '7', '10^7 km')).toBe(false)
  })

  test.each([
    ['no box', 'the answer is 12.5'],
    ['another box', '\\fbox{12.5}'],
    ['a box that never closes', '\\boxed{12.5'],
    ['a space before the brace', '\\boxed {12.5}'],
  ])('refuses %s', (_what, response) => {
    expect(scoreScibench({ response, gold: '12.5', unit: '' }, 'official').reason).toBe('no-box')
  })
})

describe('SciBench, normalised', () => {
  test.each([
    [box('$12.5$'), '12.5'],
    [box('\\approx 12.5 \\text{ m}'), '12.5'],
    [box('12.5\\%'), '12.5'],
    [box('\\frac{25}{2}'), '12.5'],
    [box('1.25 \\times 10^{1}'), '12.5'],
    [box('-2'), '\u22122'],
    [box('−１２．５'), '-12.5'],
    [box('1250'), '1,250'],
    ['The answer is 12.5 m.', '12.5'],
    [box('1.25 × 10⁴ J'), '12500'],
    [box('1.25·10⁻³'), '0.00125'],
    [box('1.25 \\times {10}^{4}'), '12500'],
    [box('1.25\\times{}10^{(4)}'), '12500'],
    [box('(1.25) \\times 10^{4} \\text{ Pa}'), '12500'],
    [box('\\boldsymbol{1.25}\\times10^{4}'), '12500'],
    [box('1.25 \\mathrm{E} 4'), '12500'],
    [box('98\u202f765.4'), '98765.4'],
    [box('98 765.4 \\text{ Pa}'), '98765.4'],
    [box('2\\pi'), '6.283'],
    [box('\\frac{3\\pi}{4} \\text{ m}'), '2.356'],
    [box('2\\sqrt{2}'), '2.828'],
    [box('\\frac{1}{\\sqrt{2}}'), '0.7071'],
    [box('3\\frac{1}{2}'), '3.5'],
    [box('x = e^{-2}'), '0.1353'],
    [box('30^{\\circ}'), '30'],
    ['The answer is: **\\sqrt{2}**', '1.414'],
  ])('accepts %s for %s', (response, gold) => expect(normalised(response, gold)).toBe(true))

  test('keeps the power of ten that the question leaves to the answer', () => {
    expect(normalised(box('7 \\times 10^{7}'), '7', '10^7 km')).toBe(true)
    expect(normalised(box('7'), '7', '10^7 km')).toBe(false)
    // What a reader of JSON makes of a backslash that was not escaped.
    expect(normalised(box('7 \times 10^{7}'), '7', '10^7 km')).toBe(true)
    expect(normalised('\boxed{12.5}', '12.5')).toBe(true)
  })

  test('refuses another number and no number', () => {
    expect(normalised(box('14'), '12.5')).toBe(false)
    expect(normalised(box('2\\pi'), '2')).toBe(false)
    expect(normalised(box('3\\sqrt{2}'), '3')).toBe(false)
    expect(normalised(box('1.25 × 10⁴'), '1.25')).toBe(false)
    expect(normalised('I do not know.', '12.5')).toBe(false)
  })
})
