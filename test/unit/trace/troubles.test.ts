import { afterEach, expect, test, vi } from 'vitest'
import { type AgentTrouble, createPatience, troublesIn, wantedBy } from '../../../trace/troubles.ts'
import { configOf } from '../../support/planner-fixtures.ts'

afterEach(() => void vi.useRealTimers())

const wanted = wantedBy(configOf())
const missing = troublesIn([], wanted)
const broken: AgentTrouble = { who: 'critic critic-1', code: 'given-back', text: 'gives back each batch' }

test('a run that makes data alone misses no trainer and no evaluator', () => {
  expect(missing.map(({ who }) => who.split(' ')[0])).toEqual(wanted.map(({ role }) => role))
  const roles = wantedBy(configOf({ variants: { ...configOf().variants, planner: 'generate' } })).map(
    ({ role }) => role,
  )
  expect(roles).not.toContain('evaluator')
  expect(roles).not.toContain('trainer-bridge')
  expect(roles).toContain('critic')
})

test('who is missing is named once that has lasted, anything else at once', () => {
  vi.useFakeTimers()
  const due = createPatience(10_000)
  expect(due([...missing, broken])).toEqual([broken])
  vi.advanceTimersByTime(9_999)
  expect(due([...missing, broken])).toEqual([broken])
  vi.advanceTimersByTime(1)
  expect(due([...missing, broken])).toEqual([...missing, broken])
})

test('who came back meanwhile, or while the server was away, is waited for anew', () => {
  vi.useFakeTimers()
  const due = createPatience(10_000)
  due(missing)
  vi.advanceTimersByTime(10_000)
  expect(due(missing, true)).toEqual([])
  expect(due(missing)).toEqual([])
  vi.advanceTimersByTime(10_000)
  expect(due(missing)).toEqual(missing)
  expect(due([])).toEqual([])
  expect(due(missing)).toEqual([])
})
