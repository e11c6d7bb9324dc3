import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collect } from '../../../evidence/report/mod.ts'
import { runLog } from '../../support/run-log.ts'

const log = runLog()

test('every message of a run is read', () => {
  const facts = collect(log)
  expect(facts.unreadable).toEqual([])
  expect(facts.messages).toBe(log.length)
  expect(facts.reports.map(({ payload }) => payload.studentModel.name)).toEqual([
    'base',
    'attempt-1',
    'attempt-2',
    'attempt-3',
    'final',
    'control',
  ])
  expect(facts.agents.find(({ role }) => role === 'generator')?.instances).toEqual(['generator-1', 'generator-2'])
})

test('order of arrival and repeats change nothing', () => {
  const plain = collect(log)
  const places = [...log.keys(), ...Array.from({ length: 50 }, (_, index) => index + 10)]
  const shuffled = fc.shuffledSubarray(places, { minLength: places.length })
  fc.assert(
    fc.property(shuffled, (order) => {
      expect(collect(order.map((place) => log[place]!))).toEqual(plain)
    }),
    { numRuns: 10 },
  )
})

test('a message stored twice under one id is taken once', () => {
  const conclusion = log.find(({ name }) => name === 'verdict')!
  const facts = collect([...log, { ...conclusion, seq: log.length + 1 }])
  expect(facts.verdicts).toHaveLength(collect(log).verdicts.length)
})

test('what no schema reads is listed with its reason', () => {
  const [first] = log
  const broken = [
    { ...first!, seq: 900, id: 'x1', name: 'verdict', payload: { attempt: 'one' } },
    { ...first!, seq: 901, id: 'x2', name: 'gossip', payload: {} },
    { ...first!, seq: 902, id: 'x3', payload: null, parseError: 'not JSON' },
    { ...first!, seq: 903, id: 'x4', at: 'yesterday' },
  ]
  const { unreadable } = collect([...log, ...broken])
  expect(unreadable.map(({ seq }) => seq)).toEqual([900, 901, 902, 903])
  expect(unreadable[1]?.reason).toContain('gossip')
  expect(unreadable[2]?.reason).toBe('not JSON')
})
