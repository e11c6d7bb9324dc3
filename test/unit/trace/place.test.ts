import { describe, expect, test } from 'vitest'
import { beside } from '../../../trace/web/compared.ts'
import { fragmentOf, type PagePlace, placeIn } from '../../../trace/web/place.ts'
import { createSearchIndex } from '../../../trace/web/search-index.ts'
import { createStore } from '../../../trace/web/store.ts'
import { traceLog } from '../../support/trace-log.ts'

describe('places in an address', () => {
  test.each<PagePlace>([
    { kind: 'message', seq: 12 },
    { kind: 'attempt', number: 0 },
    { kind: 'row', id: 'a1.r1.plain.3.0' },
    { kind: 'row', id: 'a1.r1.plain.#3' },
  ])('%j is read as it was written', (place) => {
    expect(placeIn(fragmentOf(place))).toEqual(place)
    expect(fragmentOf(place)).toMatch(/^#[a-z]+=[^#\s]+$/)
  })

  test.each([
    '',
    '#',
    '#card-all-rows',
    '#message',
    '#message=',
    '#message=x',
    '#message=-1',
    '#attempt=1.5',
    '#row=',
    '#%',
    '#other=1',
  ])('"%s" names none', (fragment) => expect(placeIn(fragment)).toBeNull())
})

test('messages are found by words in any order, by type, by role and by agent', () => {
  const store = createStore()
  const index = createSearchIndex()
  for (const entry of traceLog({ rows: 60, generators: 2 })) {
    store.add({
      ...entry,
      type: 'entry',
      description: { title: `About ${entry.name}`, text: '' },
      summarised: false,
    } as never)
    index.add(store.entries.at(-1)!)
  }
  const find = (wish: { text?: string; name?: string; from?: string }) =>
    store.entries.filter(index.test({ text: '', name: '', from: '', ...wish }))
  expect(find({})).toHaveLength(store.entries.length)
  expect(find({ name: '-progress' }).some(({ name }) => name === 'progress')).toBe(false)
  expect(new Set(find({ name: 'report' }).map(({ name }) => name))).toEqual(new Set(['report']))
  const both = find({ from: 'generator' })
  expect(new Set(both.map(({ from }) => from.instance)).size).toBe(2)
  expect(find({ from: both[0]!.from.instance }).length).toBeLessThan(both.length)
  expect(find({ text: 'ABOUT  report' })).toEqual(find({ text: 'report about' }))
  expect(find({ text: 'about report' }).length).toBeGreaterThan(0)
  expect(find({ text: 'nothing-like-it' })).toEqual([])
})

test('two runs stand beside each other, with what only one of them has', () => {
  const one = [
    {
      title: 'Yields',
      lines: [
        ['asked', '5'],
        ['refused: format', '1'],
      ] as const,
    },
  ]
  const other = [
    { title: 'Yields', lines: [['asked', '7']] as const },
    { title: 'Costs', lines: [['money', '1']] as const },
  ]
  expect(beside(one, other)).toEqual([
    {
      title: 'Yields',
      lines: [
        { name: 'asked', one: '5', other: '7' },
        { name: 'refused: format', one: '1', other: null },
      ],
    },
    { title: 'Costs', lines: [{ name: 'money', one: null, other: '1' }] },
  ])
})
