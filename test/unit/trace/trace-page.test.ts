import { expect, test } from 'vitest'
import { describe } from '../../../schemas/describe.ts'
import type { EntryFrame } from '../../../trace/frames.ts'
import { summarise } from '../../../trace/summary.ts'
import { wilson95 } from '../../../trace/web/arms.ts'
import { createAxis } from '../../../trace/web/axis.ts'
import { brief, clockDuration, percentText } from '../../../trace/web/format.ts'
import {
  apply,
  bestAttempt,
  createRunState,
  inReadingOrder,
  scoreShare,
  statusOf,
} from '../../../trace/web/run-state.ts'
import { createStore, type Entry } from '../../../trace/web/store.ts'
import { traceLog } from '../../support/trace-log.ts'

const log = traceLog()
const frameOf = (entry: (typeof log)[number]): EntryFrame => ({
  ...entry,
  type: 'entry',
  description: describe(entry),
  ...summarise(entry.payload, entry.bytes),
})
function replay(count = log.length) {
  const store = createStore()
  const state = createRunState()
  for (const entry of log.slice(0, count)) {
    store.add(frameOf(entry))
    apply(state, store.entries.at(-1)!)
  }
  return { store, state }
}

test('a whole run is told from the summaries that viewers get', () => {
  const { state } = replay()
  expect(statusOf(state)).toBe('finished')
  expect(inReadingOrder(state).map((studentModel: { name: string }) => studentModel.name)).toEqual([
    'base',
    'base-examples',
    'attempt-1',
    'attempt-2',
    'attempt-3',
    'control',
    'final',
  ])
  const reports = log.filter((entry) => entry.name === 'report')
  for (const report of reports) {
    const { studentModel, validation } = report.payload as {
      studentModel: { name: string }
      validation: { overall: { strict: { correct: number; total: number } } }
    }
    const { correct, total } = validation.overall.strict
    expect(scoreShare(state.studentModels.get(studentModel.name), state)).toBe(correct / total)
  }
  const best = bestAttempt(state)!
  for (const number of [1, 2, 3]) {
    expect(scoreShare(best[1], state)).toBeGreaterThanOrEqual(
      scoreShare(state.studentModels.get(`attempt-${number}`), state)!,
    )
  }
  expect(state.finalEval?.results).toHaveLength(8)
})

test('rows are counted over rounds and add up', () => {
  const { state } = replay()
  for (const attempt of state.attempts.values()) {
    const { asked, generated, admitted, rejected } = attempt.yield
    const refused = Object.values(rejected as Record<string, number>).reduce((a, b) => a + b, 0)
    expect(admitted + refused).toBe(generated)
    expect(asked).toBe(attempt.asked)
    expect(generated).toBe(attempt.made)
    expect(attempt.rows).toBe(300)
  }
  const third = state.attempts.get(3)!
  expect(third.carried).toBe(180)
  expect([...third.mix.values()].reduce((a: number, b: number) => a + b, 0)).toBeCloseTo(300, -1)
})

test('a message that comes twice, as after a reconnection, is taken once', () => {
  const { store } = replay()
  expect(store.add(frameOf(log[10]!))).toBe(false)
  expect(store.entries).toHaveLength(log.length)
})

test('causes lead back to the start and effects lead forward', () => {
  const { store } = replay()
  const finished = store.entries.findLast((entry) => entry.name === 'run-finished')!
  const names = store.ancestors(finished).map(({ name }) => name)
  expect(names).toContain('final-eval-request')
  expect(names[0]).toBe('run-started')
  expect(names.at(-1)).toBe('final-eval-results')
  expect(store.effectsOf(store.causeOf(finished)!)).toContain(finished)
  expect(store.bySeq(finished.seq)).toBe(finished)
  expect(store.chain(finished).size).toBeGreaterThan(names.length)
})

test('a message that could not be parsed changes nothing and says why', () => {
  const state = createRunState()
  const entry = { ...log.find(({ name }) => name === 'report')!, payload: 'rubbish', parseError: 'not JSON' }
  apply(state, { ...frameOf(entry), time: 5, index: 0, throughSealed: false } satisfies Entry)
  expect(state.studentModels.size).toBe(0)
  expect(describe(entry).text).toBe('not readable: not JSON')
})

test('every message of the run is described in one line', () => {
  for (const entry of log) expect(brief(describe(entry))).toMatch(/^.+$/)
})

test.each(['flow', 'clock'] as const)('times and places of the %s axis agree', (mode) => {
  const axis = createAxis()
  axis.mode = mode
  const { store } = replay()
  for (const entry of store.entries) axis.append(entry)
  for (const entry of store.entries) {
    const place = axis.at(entry.index)
    expect(axis.at(axis.indexAt(place))).toBe(place)
    expect(axis.timeAt(place)).toBeCloseTo(entry.time, 0)
  }
  const later = store.entries.at(-1)!.time + 30_000
  expect(axis.placeOf(later)).toBeCloseTo(axis.end() + 30, 6)
  expect(axis.timeAt(axis.placeOf(later))).toBeCloseTo(later, 0)
})

test("Wilson's interval agrees with published values and holds the share", () => {
  // Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 gives 0.2553 to 0.3662.
  const { low, high } = wilson95({ correct: 81, total: 263 })
  expect(low).toBeCloseTo(0.2553, 4)
  expect(high).toBeCloseTo(0.3662, 4)
  expect(wilson95({ correct: 0, total: 0 })).toEqual({ low: 0, high: 1 })
  expect(wilson95({ correct: 0, total: 20 }).low).toBe(0)
})

test('figures are written as people read them', () => {
  expect(clockDuration(3_907_000)).toBe('1:05:07')
  expect(clockDuration(67_000)).toBe('1:07')
  expect(percentText(0.4167)).toBe('41.7\u202f%')
})
