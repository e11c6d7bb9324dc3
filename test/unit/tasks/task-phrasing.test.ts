import { describe, expect, test } from 'vitest'
import type { PhrasingBank } from '../../../tasks/everyday-numbers/procedure/phrasing/bank.ts'
import { testBank } from '../../../tasks/everyday-numbers/procedure/phrasing/test.ts'
import { trainingBank } from '../../../tasks/everyday-numbers/procedure/phrasing/train.ts'
import { validationBank } from '../../../tasks/everyday-numbers/procedure/phrasing/validation.ts'
import { randomFrom } from '../../../tasks/everyday-numbers/procedure/random.ts'
import { bareFrame, render } from '../../../tasks/everyday-numbers/procedure/render.ts'
import { SKILL_NAMES, skillNamed } from '../../../tasks/everyday-numbers/procedure/skills/mod.ts'

const banks = [trainingBank, validationBank, testBank]
const pairs: readonly [PhrasingBank, PhrasingBank][] = [
  [trainingBank, validationBank],
  [trainingBank, testBank],
  [validationBank, testBank],
]
const framesOf = (bank: PhrasingBank) => SKILL_NAMES.flatMap((skill) => bank.frames[skill])
const wordsOf = (frame: string) => bareFrame(frame).match(/\p{L}+/gu) ?? []

/** Jaccard overlap of the frames' word sequences of length three; of their words where a frame has fewer. */
function overlap(one: string, other: string): number {
  const [first, second] = [wordsOf(one), wordsOf(other)]
  const length = Math.min(3, first.length, second.length)
  if (length === 0) return first.length === second.length ? 1 : 0
  const grams = (words: string[]) =>
    new Set(words.slice(length - 1).map((_, start) => words.slice(start, start + length).join(' ')))
  const [a, b] = [grams(first), grams(second)]
  const shared = [...a].filter((gram) => b.has(gram)).length
  return shared / (a.size + b.size - shared)
}

describe.each(pairs)('two banks', (one, other) => {
  test(`${one.name} and ${other.name} share no sentence frame`, () => {
    const mine = new Set(framesOf(one).map(bareFrame))
    expect(framesOf(other).filter((frame) => mine.has(bareFrame(frame)))).toEqual([])
  })

  test(`${one.name} and ${other.name} share hardly a phrase`, () => {
    const close = framesOf(one).flatMap((a) => framesOf(other).flatMap((b) => (overlap(a, b) > 0.2 ? [[a, b]] : [])))
    expect(close).toEqual([])
  })

  test(`${one.name} and ${other.name} share no name and no thing`, () => {
    const words = (bank: PhrasingBank) => Object.values(bank.lexicon).flat()
    const mine = new Set(words(one))
    expect(words(other).filter((word) => mine.has(word))).toEqual([])
  })
})

test('the measure of overlap sees a copy with other names and one word changed', () => {
  expect(
    overlap('{a} buys {b} pens at {c} each. What is the total?', '{x} buys {y} pens at {z} each. What is the total?'),
  ).toBe(1)
  expect(overlap('How much is that in all then', 'How much is that in all now')).toBeGreaterThan(0.2)
})

describe.each(banks)('$name', (bank) => {
  test('every frame renders, and shows all that the problem needs', () => {
    for (const name of SKILL_NAMES) {
      const skill = skillNamed(name)
      const random = randomFrom(name)
      for (const frame of bank.frames[name]) {
        const core = skill.sample(random, { difficulty: 3, range: 'wide' })
        const slots = skill.slots(core, random, bank.lexicon)
        const text = render(frame, slots)
        expect(text).not.toMatch(/[{}]/)
        for (const [slot, value] of Object.entries(slots)) {
          if (typeof value !== 'string') for (const [, amount] of value) expect(text).toContain(amount)
          else if (['value', 'count', 'price', 'percent', 'amount', 'ask'].includes(slot)) {
            expect(text.toLowerCase()).toContain(value.toLowerCase())
          }
        }
      }
    }
  })

  test('no frame stands twice', () => {
    const frames = framesOf(bank).map(bareFrame)
    expect(new Set(frames).size).toBe(frames.length)
  })
})

test('the training bank has eight frames a skill, the others five', () => {
  for (const skill of SKILL_NAMES) {
    expect(banks.map((bank) => bank.frames[skill].length)).toEqual([8, 5, 5])
  }
})
