import { expect, test } from 'vitest'
import { numberText, percent, plural } from '../../../schemas/number-text.ts'

test.each([
  [0, 'row', undefined, 'rows'],
  [1, 'row', undefined, 'row'],
  [2, 'row', undefined, 'rows'],
  [1, 'reply', 'replies', 'reply'],
  [12, 'reply', 'replies', 'replies'],
  [null, 'row', undefined, 'rows'],
] as const)('%s %s', (count, one, many, noun) => {
  expect(plural(count, one, many)).toBe(noun)
})

test.each([0, 7, 999, 1000, 1234.56, 999_999.5, 12_345_678, 0.125, -4, -1234.5, -0.04])(
  '%d as the locale en-US writes it',
  (value) => {
    for (const digits of [0, 1, 3]) {
      const options = { minimumFractionDigits: digits, maximumFractionDigits: digits }
      expect(numberText(value, digits)).toBe(value.toLocaleString('en-US', options).replace('-', '−'))
    }
  },
)

test.each([
  [0.125, '12.5 %'],
  [-0.125, '−12.5 %'],
  [-0.0001, '0.0 %'],
  [null, '–'],
])('%d as %s', (share, text) => {
  expect(percent(share)).toBe(text)
})
