import type { Difficulty, NumberRange } from '../../../../schemas/task.ts'
import type { Random } from '../random.ts'
import type { Band, Skill } from '../skill.ts'
import { hundredths, intInBand } from '../skill.ts'

/** A percentage of an amount in cents. */
type PercentCore = { percent: number; amount: number }

/** Cents. */
const bands: Record<NumberRange, Band> = {
  narrow: [1_000, 20_000],
  wide: [1_000, 90_000],
  'heldout-validation': [91_000, 130_000],
  'heldout-test': [131_000, 200_000],
}

/** The percentages of a difficulty with the step of the amounts, such that the answer is a whole number of cents. */
const CHOICES: Readonly<Record<Difficulty, readonly { percent: number; step: number }[]>> = {
  1: [{ percent: 10, step: 100 }],
  2: [
    { percent: 10, step: 10 },
    { percent: 1, step: 100 },
  ],
  3: [
    { percent: 20, step: 500 },
    { percent: 50, step: 500 },
  ],
}

function workingsOf(percent: number, amount: number): readonly [string, string] {
  const [whole, saved] = [hundredths(amount), hundredths((percent * amount) / 100)]
  if (percent === 20) {
    const tenth = hundredths(amount / 10)
    return [
      `10 percent of ${whole} is ${tenth}, twice that is ${saved}.`,
      `10 percent of ${whole} makes ${tenth}, twice that makes ${saved}.`,
    ]
  }
  return [`${percent} percent of ${whole} is ${saved}.`, `${percent} percent of ${whole} makes ${saved}.`]
}

/** Percentage of a price: a tenth of whole prices, a tenth or a hundredth of any, a fifth or a half of round ones. */
export const percentSaved: Skill<PercentCore> = {
  name: 'percent-saved',
  description: 'The amount that a percentage takes off a price.',
  bands,
  sample(random: Random, { difficulty, range }) {
    const { percent, step } = random.pick(CHOICES[difficulty])
    return { percent, amount: intInBand(random, bands[range], step) }
  },
  size: (core) => core.amount,
  solve({ percent, amount }) {
    return { answer: (percent * amount) / 10_000, workings: workingsOf(percent, amount) }
  },
  slots: (core, random, lexicon) => ({
    percent: String(core.percent),
    amount: hundredths(core.amount),
    article: random.pick(lexicon.articles),
    person: random.pick(lexicon.people),
    vendor: random.pick(lexicon.vendors),
  }),
}
