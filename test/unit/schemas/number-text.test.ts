import { expect, test } from 'vitest'
import { plural } from '../../../schemas/number-text.ts'

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
