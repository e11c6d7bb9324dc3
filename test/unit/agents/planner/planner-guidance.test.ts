import { describe, expect, test } from 'vitest'
import type { Policy, Situation } from '../../../../agents/planner/policy.ts'
import { rulesPolicy } from '../../../../agents/planner/rules/graph.ts'
import { Evidence, type RunConfig } from '../../../../schemas/run.ts'
import { configOf } from '../../../support/planner-fixtures.ts'
import { createWorld, play } from '../../../support/planner-world.ts'

type JobSent = { studentModel: string; guidance?: unknown }

const swapping = (changes: Partial<RunConfig> = {}) =>
  configOf({ attempts: 4, evidence: Evidence.parse({ arms: [], swapValidationAt: 3 }), ...changes })
const scores: Record<string, { a: number; b: number }> = {
  base: { a: 3, b: 4 },
  'attempt-1': { a: 12, b: 20 },
  'attempt-2': { a: 18, b: 15 },
  'attempt-3': { a: 30, b: 14 },
  'attempt-4': { a: 0, b: 16 },
}
const halvesOf = (studentModel: string) => scores[studentModel] ?? { a: 1, b: 1 }
const right = (sheet: { overall: { strict: { correct: number } } } | null | undefined) => sheet?.overall.strict.correct

describe('a run that swaps its validation', () => {
  test('is guided by one half before the swap and by the other from then on, without a training', async () => {
    const seen: Situation[] = []
    const policy: Policy = {
      decide: (situation, signal) => {
        seen.push(structuredClone(situation))
        return rulesPolicy.decide(situation, signal)
      },
    }
    const world = createWorld(swapping(), { policy, halvesOf })
    const state = await play(world)
    expect(state.status).toBe('finished')
    expect(seen.map(({ base, best }) => [right(base), right(best?.validation)])).toEqual([
      [3, undefined],
      [3, 12],
      // The best so far by the first half stays the best, as the second half scores it.
      [4, 15],
      [4, 15],
    ])
    expect(seen.map(({ history }) => history.at(-1)?.badCases.map(({ id }) => id))).toEqual([
      undefined,
      ['attempt-1-a'],
      ['attempt-2-b'],
      ['attempt-3-b'],
    ])
    // The third attempt was best on the half that no longer guides; the fourth is better on the one that does.
    expect(state.bestAttempt).toBe(4)
    expect(state.attempts.map(({ halves }) => [right(halves?.a.validation), right(halves?.b.validation)])).toEqual(
      state.attempts.map(({ attempt }) => [scores[`attempt-${attempt}`]!.a, scores[`attempt-${attempt}`]!.b]),
    )
    const trained = world.named<JobSent>('job').map(({ studentModel }) => studentModel)
    expect(trained).toEqual(['base', 'attempt-1', 'attempt-2', 'attempt-3', 'attempt-4', 'final'])
  })

  test('a run that ends before its swap never sees the second half', async () => {
    const world = createWorld(swapping({ attempts: 2 }), { halvesOf })
    const state = await play(world)
    expect(state.bestAttempt).toBe(2)
    expect(right(state.base?.validation)).toBe(3)
  })

  test('a run without guard and swap asks the evaluator for nothing more', async () => {
    const world = createWorld(configOf(), {})
    await play(world)
    expect(world.named<JobSent>('job').every(({ guidance }) => guidance === undefined)).toBe(true)
    const guarded = createWorld(configOf({ evidence: Evidence.parse({ ladder: 'on' }) }), {})
    await play(guarded)
    expect(guarded.named<JobSent>('job')[0]!.guidance).toEqual({ ladder: 'on', halves: false })
  })
})
