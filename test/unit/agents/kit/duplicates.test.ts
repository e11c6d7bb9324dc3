import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDuplicateIndex } from '../../../../agents/kit/dedup/duplicate-index.ts'
import { chooseBanding, shingleSimilarity, shinglesOf } from '../../../../agents/kit/dedup/shingles.ts'
import { readTokens } from '../../../../agents/kit/dedup/text.ts'
import { createTokens } from '../../../../agents/kit/dedup/tokens.ts'
import { createDice, longProblem, shortProblem, shortText } from '../../../support/planted-problems.ts'

const text =
  'A farmer brings 24 crates of ripe apples to the market and sells each of them for 8 dollars before noon. ' +
  'How much money does she bring home in the evening?'

function indexOf(...texts: string[]) {
  const index = createDuplicateIndex({ jaccard: 0.7 })
  for (const [i, added] of texts.entries()) index.add(String(i), added)
  return index
}

function jaccardOf(a: string, b: string): number {
  const shingles = [a, b].map((of) => {
    const tokens = createTokens()
    readTokens(of, tokens)
    return shinglesOf(tokens).hashes
  })
  return shingleSimilarity(shingles[0]!, shingles[1]!, 0, shingles[1]!.length).all
}

test('exact: the same text in other case, punctuation, spacing and units', () => {
  expect(indexOf('One pack has 3 kilograms.').find('one pack   has 3 KG')).toEqual({
    id: '0',
    kind: 'exact',
    jaccard: 1,
  })
})

test('near: some words changed, the same numbers', () => {
  const found = indexOf('Something else with 24 and 8.', text).find(
    text.replace('ripe', 'red').replace('evening', 'end'),
  )
  expect(found).toMatchObject({ id: '1', kind: 'near' })
  expect(found!.jaccard).toBeGreaterThanOrEqual(0.7)
  expect(found!.jaccard).toBeLessThan(1)
})

test.each([
  ['another number', text.replace('24', '25')],
  ['one number more', text.replace('before', 'before 11')],
  ['the numbers swapped', text.replace('24', '@').replace('8', '24').replace('@', '8')],
  ['another unit', 'unused'],
])('kept: %s', (kind, changed) => {
  if (kind === 'another unit') {
    const long = 'Please read the sign at the old bridge and write the distance of 12 miles in the unit of'
    expect(indexOf(`${long} meters.`).find(`${long} yards.`)).toBeNull()
  } else {
    expect(indexOf(text).find(changed)).toBeNull()
  }
})

test('kept: numbers swapped in a long text that is otherwise the same', () => {
  const problem = longProblem(createDice(3), 600)
  expect(jaccardOf(problem.text, problem.text)).toBe(1)
  expect(indexOf(problem.text).find(problem.lookAlikes['swapped-numbers']!)).toBeNull()
})

test('reordered sentences of the same problem are near copies', () => {
  const { text, leaks } = longProblem(createDice(4), 200)
  expect(indexOf(text).find(leaks.reordered!)).toMatchObject({ kind: 'near' })
})

test('a million look-alikes would be no crowded bucket: other numbers share none', () => {
  const index = createDuplicateIndex({ jaccard: 0.7 })
  for (let i = 0; i < 5_000; i++) {
    const next = text.replace('24', String(i + 100))
    expect(index.find(next)).toBeNull()
    index.add(String(i), next)
  }
  expect(index.size).toBe(5_000)
  expect(index.find(text.replace('24', '4,321').replace('ripe ', ''))).toMatchObject({ id: '4221', kind: 'near' })
})

describe('against every pair compared by hand', () => {
  test('near copies at or above the threshold are found, none below', () => {
    const dice = createDice(11)
    const index = createDuplicateIndex({ jaccard: 0.7 })
    const originals = Array.from({ length: 600 }, () => shortProblem(dice).text)
    for (const [i, original] of originals.entries()) index.add(String(i), original)
    let due = 0
    let found = 0
    for (const original of originals) {
      const words = original.split(' ')
      for (let changes = 0; changes < 3; changes++) {
        const at = dice(words.length)
        if (/\d/.test(words[at]!)) continue
        words[at] = ['very', 'old', 'green', ''][dice(4)]!
        const copy = words.join(' ')
        const jaccard = jaccardOf(original, copy)
        const duplicate = index.find(copy)
        if (duplicate) expect(duplicate.jaccard).toBeGreaterThanOrEqual(0.7)
        if (jaccard < 0.7 || duplicate?.kind === 'exact') continue
        // Dropping a unit changes the data, so that copy is not due.
        if (/kilo|gram|meter|hour|minute|percent|dollar/.test(original.replaceAll(copy, ''))) continue
        due++
        if (duplicate) found++
      }
    }
    expect(due).toBeGreaterThan(100)
    expect(found / due).toBeGreaterThanOrEqual(0.97)
  })
})

test('what is found is exact, and does not depend on other rows added before or after growth', () => {
  const texts = fc.array(
    fc.integer({ min: 0, max: 60 }).map((seed) => shortText(createDice(seed))),
    { minLength: 1, maxLength: 40 },
  )
  fc.assert(
    fc.property(texts, fc.integer({ min: 0, max: 60 }), (added, seed) => {
      const index = indexOf(...added)
      const asked = shortText(createDice(seed))
      const found = index.find(asked)
      expect(index.find(asked)).toEqual(found)
      const first = added.indexOf(asked)
      if (first >= 0) expect(added[Number(found!.id)]).toBe(asked)
      if (found) expect(found.jaccard).toBeCloseTo(jaccardOf(asked, added[Number(found.id)]!), 10)
    }),
    { numRuns: 60 },
  )
})

test('the banding meets a pair at the threshold with probability 0.98 at least', () => {
  for (const jaccard of [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1]) {
    const { bands, rows } = chooseBanding(jaccard)
    expect(bands * rows).toBeLessThanOrEqual(64)
    expect(1 - (1 - jaccard ** rows) ** bands).toBeGreaterThanOrEqual(0.98)
  }
})

test('memory is linear in the rows', () => {
  const dice = createDice(5)
  const index = createDuplicateIndex({ jaccard: 0.7 })
  const perRow: number[] = []
  for (let i = 1; i <= 8_192; i++) {
    index.add(String(i), shortText(dice))
    if (i === 2_048 || i === 4_096 || i === 8_192) perRow.push(index.bytes() / i)
  }
  for (const bytes of perRow) expect(bytes).toBeLessThan(500)
})
