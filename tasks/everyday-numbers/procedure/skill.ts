import type { Core, Difficulty, NumberRange } from '../../../schemas/task.ts'
import type { Lexicon } from './lexicon.ts'
import type { Random } from './random.ts'

export interface SampleOptions {
  difficulty: Difficulty
  range: NumberRange
}

/** The answer and at least one way to write the working; every way leads to the same answer. */
export interface Solution {
  answer: number
  workings: readonly [string, ...string[]]
}

/** What a sentence frame's slots are filled with: a text, or labelled amounts that the frame's list style sets out. */
export type SlotValue = string | readonly (readonly [label: string, amount: string])[]

/** Lowest and highest size, both included. */
export type Band = readonly [low: number, high: number]

/**
 * One kind of problem. The numeric core alone decides the answer; wording is laid over it by the phrasing banks.
 * `size` is the number a range bounds: the bands of the held-out ranges lie above every training band.
 */
export interface Skill<C extends Core = Core> {
  name: string
  description: string
  bands: Readonly<Record<NumberRange, Band>>
  sample(random: Random, options: SampleOptions): C
  size(core: C): number
  /** The form that equal problems share, where it is not the core itself. */
  canonical?(core: C): C
  solve(core: C): Solution
  slots(core: C, random: Random, lexicon: Lexicon): Record<string, SlotValue>
}

/** A whole number inside a band that is a multiple of `step`. */
export function intInBand(random: Random, [low, high]: Band, step = 1): number {
  return random.int(Math.ceil(low / step), Math.floor(high / step)) * step
}

/** Two decimals from a whole number of hundredths, without floating-point steps: 1205 is "12.05". */
export function hundredths(value: number): string {
  const whole = Math.trunc(value / 100)
  return `${whole}.${String(value - whole * 100).padStart(2, '0')}`
}

/** The shortest decimal from hundredths: 1200 is "12", 1250 is "12.5". */
export function plain(value: number): string {
  return String(value / 100)
}
