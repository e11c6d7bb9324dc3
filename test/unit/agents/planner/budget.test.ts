import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { callsLeft, spentInAll } from '../../../../agents/planner/budget-left.ts'
import type { PlannerState } from '../../../../agents/planner/state.ts'
import { newRun } from '../../../../agents/planner/step.ts'
import { Budget } from '../../../../schemas/run-settings.ts'
import { moneyOf, spentOn, spentTogether } from '../../../../schemas/spent.ts'
import { PayingRole, type Spent, Stage, UsageLine } from '../../../../schemas/usage.ts'
import { attemptOf, configOf } from '../../../support/planner-fixtures.ts'
import { promptProgram } from '../../../support/prompt-program.ts'

const count = fc.integer({ min: 0, max: 1000 })
const line = fc.record({
  role: fc.constantFrom(...PayingRole.options),
  model: fc.constantFrom('small', 'large'),
  stage: fc.constantFrom(...Stage.options),
  calls: count,
  inputTokens: count,
  outputTokens: count,
})
const lines = fc.array(line, { maxLength: 12 })

describe('what was spent', () => {
  test('is the same however it is added up, and its lines add up to its totals', () => {
    fc.assert(
      fc.property(lines, fc.integer({ min: 0, max: 12 }), (all, at) => {
        const together = spentOn(all)
        expect(spentTogether([spentOn(all.slice(at)), spentOn(all.slice(0, at))])).toEqual(together)
        for (const of of ['calls', 'inputTokens', 'outputTokens'] as const) {
          expect(together[of]).toBe(all.reduce((sum, each) => sum + each[of], 0))
          expect(together[of]).toBe(together.lines!.reduce((sum, each) => sum + each[of], 0))
        }
        for (const each of together.lines!) UsageLine.parse(each)
      }),
    )
  })

  const spent = spentOn([
    { role: 'generator', model: 'large', stage: 'generate', calls: 2, inputTokens: 1_000_000, outputTokens: 500_000 },
    { role: 'critic', model: 'small', stage: 'vote', calls: 1, inputTokens: 0, outputTokens: 100_000 },
  ])
  const large = { inputPerMillion: 2, outputPerMillion: 8 }

  test('costs what the prices say, and an unknown sum where one of them is not known', () => {
    expect(moneyOf(spent, { large, small: { inputPerMillion: 0, outputPerMillion: 1 } })).toBeCloseTo(6.1)
    expect(moneyOf(spent, { large })).toBeNull()
    expect(moneyOf({ calls: 3, inputTokens: 9, outputTokens: 9 }, { large })).toBeNull()
    expect(moneyOf({ calls: 0, inputTokens: 0, outputTokens: 0 }, {})).toBe(0)
  })
})

describe('limits', () => {
  const program = promptProgram({ rows: 60 })
  const limits = fc.record({
    teacherCalls: fc.option(fc.integer({ min: 0, max: 500 })),
    attemptCalls: fc.option(fc.integer({ min: 1, max: 200 })),
    modelCalls: fc.constantFrom<Budget['modelCalls']>({}, { large: 150 }, { large: 300, small: 40 }),
    plannerCalls: fc.constant(null),
    tokens: fc.option(fc.integer({ min: 0, max: 400_000 })),
    money: fc.option(fc.double({ min: 0, max: 2, noNaN: true })),
    attemptHours: fc.constant(null),
  })

  test('of calls hold however a round spends what it was allowed, and those of tokens and money while replies keep to their size', () => {
    fc.assert(
      fc.property(limits, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }), (budget, shares) => {
        const prices = { large: { inputPerMillion: 2, outputPerMillion: 8 } }
        const config = configOf({
          models: { generator: 'large' },
          prices,
          limits: { ...configOf().limits, ...Budget.parse(budget) },
        })
        let state: PlannerState = newRun(config, 'started')
        for (const [index, share] of shares.entries()) {
          const number = 1 + Math.floor(index / 3)
          const before = state.attempts.find(({ attempt }) => attempt === number)
          const attempt = before ?? { ...attemptOf(program), attempt: number }
          const left = callsLeft(state, attempt)
          const calls = Math.floor(Math.min(left, 1000) * share)
          const spent: Spent = spentOn([
            {
              role: 'generator',
              model: 'large',
              stage: 'generate',
              calls,
              inputTokens: 300 * calls,
              outputTokens: 200 * calls,
            },
          ])
          const after = { ...attempt, spent: spentTogether([attempt.spent, spent]) }
          state = { ...state, attempts: [...state.attempts.filter((each) => each !== before), after] }
          expect(left).toBeGreaterThanOrEqual(0)
          expect(after.spent.calls).toBeLessThanOrEqual(budget.attemptCalls ?? Infinity)
        }
        const all = spentInAll(state)
        expect(all.calls).toBeLessThanOrEqual(budget.teacherCalls ?? Infinity)
        expect(all.calls).toBeLessThanOrEqual(budget.modelCalls.large ?? Infinity)
        expect(all.inputTokens + all.outputTokens).toBeLessThanOrEqual(budget.tokens ?? Infinity)
        expect(moneyOf(all, prices)!).toBeLessThanOrEqual((budget.money ?? Infinity) + 1e-9)
      }),
    )
  })

  test('nothing limits a run that says nothing', () => {
    expect(callsLeft(newRun(configOf(), 'started'), attemptOf(program))).toBe(Infinity)
  })
})
