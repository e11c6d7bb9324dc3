import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tokenKinds } from '../../../../agents/kit/dedup/lexicon.ts'
import { readTokens } from '../../../../agents/kit/dedup/text.ts'
import { createTokens, hashToken } from '../../../../agents/kit/dedup/tokens.ts'
import { cpuMsOf } from '../../../support/cpu-time.ts'

/** What makes two texts exact duplicates: the canonical spelling of each token. */
function spellingOf(text: string): string {
  const tokens = createTokens()
  readTokens(text, tokens)
  return tokens.hash.slice(0, tokens.count).join(' ')
}

test.each([
  ['12 Kilograms, of  RICE!', '12 kg of rice'],
  ['1,234.50 dollars', '$1234.5'],
  ['15%', '15 per cent', '15 percent'],
  ['twenty-five and two hundred five', '25 and 205'],
  ['2.5 million', '2,500,000'],
  ['$4.860 \\mathrm{dm}^3$ at $27^{\\circ} \\mathrm{C}$', '4.86 dm³ at 27 °C', '4.86 dm^3 at 27 degrees Celsius'],
  ['60 km/h', 'sixty kilometres per hour'],
  ['10² × 3', '10^2 * 3', '10^2 \\times 3', '10^2 x 3'],
  ['12{,}345', '12\\,345', '12,345', '12\u00a0345', '12345.0'],
  ['Sam’s café', "SAM'S CAFE"],
  ['5kg', '5 kg', 'five kilos'],
  ['３ apples', '3 apples'],
  ['on 3 March', 'on 3 mar'],
])('%s is spelled as its variants are', (text, ...variants) => {
  for (const variant of variants.flat()) expect(spellingOf(variant)).toBe(spellingOf(text))
})

test.each([
  ['3 + 4', '3 * 4'],
  ['10 - 4', '10 + 4'],
  ['at -5 degrees', 'at 5 degrees'],
  ['5 kg', '5 g'],
  ['10²', '102'],
  ['3 March', '3 May'],
  ['1.5', '15'],
  ['2½', '21/2'],
])('%s differs from %s', (a, b) => {
  expect(spellingOf(a)).not.toBe(spellingOf(b))
})

test('words and numbers stand apart, each at its place in the original', () => {
  const text = 'Ｔｏｍ buys 1,200.50 kg'
  const tokens = createTokens()
  readTokens(text, tokens)
  const seen = Array.from({ length: tokens.count }, (_, i) => [
    text.slice(tokens.start[i], tokens.end[i]),
    tokens.hash[i],
    tokens.kind[i],
  ])
  expect(seen).toEqual([
    ['Ｔｏｍ', hashToken('tom', tokenKinds.open), tokenKinds.open],
    ['buys', hashToken('buys', tokenKinds.open), tokenKinds.open],
    ['1,200.50', hashToken('1200.5', tokenKinds.value), tokenKinds.value],
    ['kg', hashToken('kg', tokenKinds.unit), tokenKinds.unit],
  ])
})

test('any text: places rise and lie inside it, and case and NFKC change nothing', () => {
  const tokens = createTokens()
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
      readTokens(text, tokens)
      let last = 0
      for (let i = 0; i < tokens.count; i++) {
        expect(tokens.start[i]).toBeGreaterThanOrEqual(last)
        expect(tokens.end[i]).toBeGreaterThan(tokens.start[i]!)
        last = tokens.start[i]!
      }
      if (tokens.count > 0) expect(tokens.end[tokens.count - 1]).toBeLessThanOrEqual(text.length)
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 60 }), (text) => {
      expect(spellingOf(text.toUpperCase())).toBe(spellingOf(text.toLowerCase()))
      expect(spellingOf(text.normalize('NFKC'))).toBe(spellingOf(text))
    }),
  )
})

test('a megabyte of anything takes a time linear in its length', () => {
  const patterns = [
    '\u0301',
    '1,',
    '123,456,',
    '\\',
    '\\,',
    "a'",
    '-',
    '1',
    '.',
    'twenty ',
    ' thousand',
    '((',
    '東',
    '🙂',
    'x 3 ',
  ]
  const tokens = createTokens()
  const timeOf = (text: string): number => cpuMsOf(() => readTokens(text, tokens))
  for (const pattern of patterns) {
    const megabyte = pattern.repeat(Math.ceil(2 ** 20 / pattern.length))
    timeOf(megabyte.slice(0, 2 ** 16))
    // A quadratic step would take minutes here.
    expect(timeOf(megabyte), JSON.stringify(pattern)).toBeLessThan(4_000)
  }
}, 60_000)
