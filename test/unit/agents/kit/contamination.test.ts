import { describe, expect, test } from 'vitest'
import {
  buildContaminationIndex,
  type EvaluationItem,
  itemIdsByOrdinal,
  openContaminationIndex,
} from '../../../../agents/kit/dedup/contamination.ts'
import { alikeTexts, repeatsBetween } from '../../../../agents/kit/dedup/near-duplicates.ts'
import { createDice, longProblem, shortProblem } from '../../../support/planted-problems.ts'
import { contaminationRates } from '../../../support/planted-rates.ts'

const key = Uint8Array.from({ length: 32 }, (_, i) => i)
const options = { share: 0.6 }
const item: EvaluationItem = {
  id: 'test-1',
  split: 'sealed',
  text: 'Tom buys 12 boxes of pens at 3.50 dollars each. He pays with 100 dollars. How much change does Tom get?',
  coreKey: 'change|12|350|100',
}
const open = (items: EvaluationItem[]) => openContaminationIndex(buildContaminationIndex(items, key), key, options)

describe('one item', () => {
  test('the span names the copied part of the row, and the ordinal leads back to the id for the evaluator', () => {
    const items = [{ id: 'v', split: 'validation' as const, text: 'What is 17 percent of 4,300?' }, item]
    const text = `Here is one that I like. ${item.text} Please explain.`
    const found = open(items).check({ text })!
    expect(found).toMatchObject({ split: 'sealed', how: 'ngram', share: 1 })
    expect(text.slice(...found.span)).toBe(item.text.slice(0, -1))
    expect(itemIdsByOrdinal(items, key)[found.item]).toBe('test-1')
  })

  test('the same core in other words is a hit', () => {
    const found = open([item]).check({ text: 'From 100 take a dozen at 3.50.', coreKey: item.coreKey })
    expect(found).toMatchObject({ how: 'core', item: 0 })
    expect(open([item]).check({ text: 'From 100 take a dozen at 3.50.', coreKey: 'change|12|350|200' })).toBeNull()
  })

  test('other numbers, swapped numbers and other units are kept and counted', () => {
    const index = open([item, { id: 'u', split: 'validation', text: 'Convert 12 feet to inches.' }])
    const kept = [
      item.text.replace('12', '13'),
      item.text.replace('12', '100').replace('100 dollars', '12 dollars'),
      'Convert 12 feet to yards.',
      'Convert 13 feet to inches.',
    ]
    for (const text of kept) expect(index.check({ text }), text).toBeNull()
    expect(index.templateOverlap).toBe(kept.length)
    expect(index.check({ text: 'The river froze in January.' })).toBeNull()
    expect(index.templateOverlap).toBe(kept.length)
  })

  test('a very short item under other names is a hit, other words around its numbers are none', () => {
    const index = open([{ id: 's', split: 'sealed', text: 'Order: 5 boxes, unit price 5.55. Total?' }])
    const text = 'Please. Order: 5 cables, unit price 5.55. Total? Quick.'
    const found = index.check({ text })!
    expect(found).toMatchObject({ how: 'ngram', item: 0 })
    expect(text.slice(...found.span)).toBe('Order: 5 cables, unit price 5.55. Total')
    expect(index.check({ text: 'After 5 days the river had risen by 5.55 yards in total.' })).toBeNull()
    expect(index.check({ text: 'Order: 5.55 cables, unit price 5. Total?' })).toBeNull()
  })

  test('an empty row and an empty item match nothing', () => {
    const index = open([{ id: 'e', split: 'sealed', text: ' ' }, item])
    expect(index.check({ text: '' })).toBeNull()
    expect(index.check({ text: '...' })).toBeNull()
  })
})

describe('the published bytes', () => {
  test('hold no text, no id and no unkeyed hash, and do not depend on the order of the items', () => {
    const other: EvaluationItem = { id: 'zzz', split: 'validation', text: 'Name the largest of 4, 8 and 15.' }
    const bytes = buildContaminationIndex([item, other], key)
    expect(Buffer.from(bytes).equals(buildContaminationIndex([other, item], key))).toBe(true)
    const text = Buffer.from(bytes).toString('latin1')
    for (const secret of ['test-1', 'zzz', 'boxes', 'Tom', '3.5', 'change|']) expect(text).not.toContain(secret)

    // Under another key no word of an item's record but its plain counts is the same.
    const otherKey = buildContaminationIndex(
      [item],
      Uint8Array.from(key, (byte) => byte ^ 1),
    )
    const words = (of: Uint8Array) => new Set(new Uint32Array(of.buffer, of.byteOffset, of.length / 4))
    const common = [...words(buildContaminationIndex([item], key)).intersection(words(otherKey))]
    expect(common.filter((word) => word > 1_000)).toEqual([0x49435953])
  })

  test('open only with their key, whole, and with a sound key and share', () => {
    const bytes = buildContaminationIndex([item], key)
    expect(() => openContaminationIndex(bytes, new Uint8Array(32), options)).toThrow('another key')
    expect(() => openContaminationIndex(bytes.slice(0, -4), key, options)).toThrow('cut')
    expect(() => openContaminationIndex(bytes.slice(0, 40), key, options)).toThrow('cut')
    expect(() => openContaminationIndex(new Uint8Array(64), key, options)).toThrow('no contamination index')
    expect(() => openContaminationIndex(bytes, key, { share: 0 })).toThrow('share')
    expect(() => buildContaminationIndex([item], new Uint8Array(8))).toThrow('at least 16')
  })
})

describe.each([
  ['of 20 to 45 words', 400, shortProblem],
  ['of 300 words', 60, (dice: (n: number) => number) => longProblem(dice, 300)],
  ['of 1,000 words', 25, (dice: (n: number) => number) => longProblem(dice, 1_000)],
] as const)('planted problems %s', (_, count, make) => {
  const dice = createDice(2026)
  const problems = Array.from({ length: count }, () => make(dice))

  test('leaks of every kind are found', () => {
    const { shares } = contaminationRates(problems, 'leaks', { key, ...options })
    expect(Object.keys(shares).length).toBeGreaterThanOrEqual(6)
    for (const [kind, share] of Object.entries(shares)) expect(share, kind).toBeGreaterThanOrEqual(0.99)
  })

  test('look-alikes are kept, and counted', () => {
    const { shares, templateOverlap } = contaminationRates(problems, 'lookAlikes', { key, ...options })
    for (const [kind, share] of Object.entries(shares)) expect(share, kind).toBeLessThanOrEqual(0.01)
    expect(templateOverlap).toBeGreaterThanOrEqual(1.5 * count)
  })
})

test('near-duplicates are found among items themselves, in either order and over several steps', () => {
  const reported = 'A van carries 14 crates of 35 kg and 6 crates of 48 kg up the hill. What does its load weigh?'
  const texts = [
    reported,
    'A train leaves at 9:10 and arrives at 11:45. How many minutes does it take?',
    `Read with care. ${reported} Give kilograms.`,
    reported.replace('A van', 'The van').replace('What does its load weigh', 'How much does its load weigh'),
  ].map((text, place) => ({ text, place, key: place }))
  const placesOf = (pairs: { place: number }[][]) => pairs.map((pair) => pair.map(({ place }) => place).sort())
  expect(placesOf(alikeTexts(texts)).flat().sort()).not.toContain(1)
  expect(new Set(placesOf(alikeTexts(texts)).flat())).toEqual(new Set([0, 2, 3]))
  // Of one group, two texts need no pair to stay together.
  const grouped = texts.map((each) => ({ ...each, key: each.place === 1 ? 1 : 0 }))
  expect(alikeTexts(grouped)).toEqual([])
  const repeats = repeatsBetween([[texts[0]!, texts[1]!], [texts[2]!]])
  expect(repeats).toMatchObject([{ earlier: { place: 0 }, later: { place: 2 } }])
  expect(repeatsBetween([[texts[2]!], [texts[1]!, texts[0]!]])).toMatchObject([
    { earlier: { place: 2 }, later: { place: 0 } },
  ])
  expect(repeatsBetween([texts])).toEqual([])
})
