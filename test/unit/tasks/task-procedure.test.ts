import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Difficulty, NumberRange } from '../../../schemas/task.ts'
import { NumberRange as NumberRanges } from '../../../schemas/task.ts'
import { coreKey, drawAudit, SKILL_NAMES, sampleRow, solveCore } from '../../../tasks/everyday-numbers/procedure/mod.ts'
import { randomFrom } from '../../../tasks/everyday-numbers/procedure/random.ts'
import { skillNamed } from '../../../tasks/everyday-numbers/procedure/skills/mod.ts'
import { scorers } from '../../support/scorers.ts'

const difficulties: readonly Difficulty[] = [1, 2, 3]
const scorer = scorers['boxed-number']!

const request = fc.record({
  skill: fc.constantFrom(...SKILL_NAMES),
  difficulty: fc.constantFrom(...difficulties),
  range: fc.constantFrom('narrow' as const, 'wide' as const),
  phrasings: fc.integer({ min: 1, max: 8 }),
  seed: fc.string(),
})

describe('rows', () => {
  test('equal requests give equal rows, and the core solves to the answer of the reply', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const row = sampleRow(asked)
        expect(sampleRow({ ...asked })).toEqual(row)
        expect(row.coreKey).toBe(coreKey(row.skill, row.core))
        expect(solveCore(row.skill, row.core)).toBe(row.answer)
        expect(row.output.endsWith(` The answer is therefore \\boxed{${row.answer}}.`)).toBe(true)
        expect(row.answer).toMatch(/^\d+\.\d\d$/)
        expect(scorer.score(row.output, row.answer).strict).toBe(true)
        expect(row.input).not.toMatch(/[{}]|undefined|NaN/)
        expect(Number(row.phrasing.replace('train-', ''))).toBeLessThanOrEqual(asked.phrasings)
      }),
      { numRuns: 2000 },
    )
  })

  test('a core survives JSON', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const row = sampleRow(asked)
        const back = JSON.parse(JSON.stringify(row.core))
        expect(coreKey(row.skill, back)).toBe(row.coreKey)
        expect(solveCore(row.skill, back)).toBe(row.answer)
      }),
    )
  })

  test('the order of offers makes no other problem, their prices do', () => {
    expect(coreKey('best-offer', { cents: [300, 100, 200] })).toBe(coreKey('best-offer', { cents: [100, 200, 300] }))
    expect(coreKey('best-offer', { cents: [300, 100] })).not.toBe(coreKey('best-offer', { cents: [200, 100] }))
  })

  test('k phrasings are all used, and so is no other', () => {
    for (const skill of SKILL_NAMES) {
      for (const phrasings of [1, 3, 8]) {
        const rows = Array.from({ length: 200 }, (_, index) =>
          sampleRow({ skill, difficulty: 1, range: 'wide', phrasings, seed: `${index}` }),
        )
        expect(new Set(rows.map((row) => row.phrasing)).size).toBe(phrasings)
      }
    }
  })

  test('an unknown skill is refused by name', () => {
    expect(() => sampleRow({ skill: 'toString', difficulty: 1, range: 'wide', phrasings: 1, seed: '' })).toThrow(
      'unknown skill "toString"',
    )
  })
})

describe.each(SKILL_NAMES)('%s', (name) => {
  const skill = skillNamed(name)
  const sizes = (range: NumberRange) => {
    const random = randomFrom(`${name} ${range}`)
    return Array.from({ length: 3000 }, (_, index) => {
      return skill.size(skill.sample(random, { difficulty: difficulties[index % 3]!, range }))
    })
  }

  test('has at least 5,000 cores to train on', () => {
    const random = randomFrom(name)
    const keys = new Set<string>()
    for (let draws = 0; draws < 300_000 && keys.size < 5000; draws++) {
      const range = draws % 4 === 0 ? 'narrow' : 'wide'
      keys.add(coreKey(name, skill.sample(random, { difficulty: draws % 2 === 0 ? 3 : 2, range })))
    }
    expect(keys.size).toBe(5000)
  })

  test('no training range reaches a held-out one, and the held-out ones are disjoint', () => {
    for (const range of NumberRanges.options) {
      const [low, high] = skill.bands[range]
      const drawn = sizes(range)
      expect(Math.min(...drawn)).toBeGreaterThanOrEqual(low)
      expect(Math.max(...drawn)).toBeLessThanOrEqual(high)
    }
    const { narrow, wide, 'heldout-validation': validation, 'heldout-test': test } = skill.bands
    expect(narrow[1]).toBeLessThan(wide[1])
    expect(wide[1]).toBeLessThan(validation[0])
    expect(validation[1]).toBeLessThan(test[0])
  })

  test('difficulty changes the problems', () => {
    const keysAt = (difficulty: Difficulty) =>
      new Set(
        Array.from(
          { length: 50 },
          (_, seed) => sampleRow({ skill: name, difficulty, range: 'wide', phrasings: 1, seed: `${seed}` }).coreKey,
        ),
      )
    expect(keysAt(1)).not.toEqual(keysAt(3))
  })
})

describe('answers against an independent calculation', () => {
  const cases = [
    ['invoice-field', { ask: 'tax', fields: ['tax', 'total'], cents: [412, 9_900] }, '4.12'],
    ['convert-units', { value: 730, from: 'km', to: 'm' }, '7300.00'],
    ['convert-units', { value: 385_000, from: 'g', to: 'kg' }, '3.85'],
    ['convert-units', { value: 1_230, from: 'cm', to: 'mm' }, '123.00'],
    ['order-total', { count: 7, price: 2345 }, '164.15'],
    ['percent-saved', { percent: 5, amount: 17_800 }, '8.90'],
    ['percent-saved', { percent: 10, amount: 74_230 }, '74.23'],
    ['best-offer', { cents: [9_999, 1_049, 1_050] }, '10.49'],
  ] as const
  test.each(cases)('%s %j is %s', (skill, core, answer) => {
    expect(solveCore(skill, structuredClone(core) as never)).toBe(answer)
  })

  test('days between dates agree with the calendar', () => {
    const skill = skillNamed('days-between')
    const random = randomFrom('calendar')
    for (let draw = 0; draw < 500; draw++) {
      const core = skill.sample(random, { difficulty: difficulties[draw % 3]!, range: NumberRanges.options[draw % 4]! })
      const slots = skill.slots(core, random, { people: ['A'], vendors: ['B'], items: ['c'], articles: ['d'] })
      const at = (slot: unknown) => Date.parse(`${slot} 2026 UTC`)
      const days = (at(slots.end) - at(slots.start)) / 86_400_000
      expect(solveCore('days-between', core)).toBe(days.toFixed(2))
    }
  })
})

describe('audit', () => {
  const counts = { 'in-template': 120, 'heldout-phrasing': 60, 'heldout-range': 60 }

  test('is a function of its seed and of what is taken', () => {
    const first = drawAudit({ seed: 'a', counts, taken: new Set() })
    expect(drawAudit({ seed: 'a', counts, taken: new Set() })).toEqual(first)
    expect(drawAudit({ seed: 'b', counts, taken: new Set() })).not.toEqual(first)
    expect(first).toHaveLength(240)
  })

  test('never draws a taken core, and takes what it draws', () => {
    const taken = new Set(drawAudit({ seed: 'a', counts, taken: new Set() }).map((item) => item.coreKey))
    const before = new Set(taken)
    const items = drawAudit({ seed: 'a', counts, taken })
    expect(items.filter((item) => before.has(item.coreKey))).toEqual([])
    expect(taken.size).toBe(before.size + items.length)
  })

  test('stops with the reason when no core is free', () => {
    const full = new Set<string>()
    const greedy = { has: () => true, add: () => full } as unknown as Set<string>
    expect(() => drawAudit({ seed: 'a', counts: { 'in-template': 1 }, taken: greedy })).toThrow('no free core')
  })
})
