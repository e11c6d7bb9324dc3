import type { NumberRange } from '../../../../schemas/task.ts'
import type { Band, Skill } from '../skill.ts'
import { hundredths, intInBand } from '../skill.ts'

/** A percentage of a whole amount. */
type PercentCore = { percent: number; amount: number }

const bands: Record<NumberRange, Band> = {
  narrow: [10, 200],
  wide: [10, 900],
  'heldout-validation': [910, 1_300],
  'heldout-test': [1_310, 2_000],
}
const PERCENTAGES = { 1: [10, 50], 2: [5, 20, 25], 3: [15, 30, 40, 60, 75] } as const
const AMOUNT_STEPS = { 1: 10, 2: 2, 3: 1 } as const

/** Percentage of a price: easy shares of round prices first, then odder shares of any whole price. */
export const percentSaved: Skill<PercentCore> = {
  name: 'percent-saved',
  description: 'The amount that a percentage takes off a price.',
  bands,
  sample: (random, { difficulty, range }) => ({
    percent: random.pick(PERCENTAGES[difficulty]),
    amount: intInBand(random, bands[range], AMOUNT_STEPS[difficulty]),
  }),
  size: (core) => core.amount,
  solve({ percent, amount }) {
    // A percent of a whole amount is a whole number of cents.
    const saved = hundredths(percent * amount)
    const one = hundredths(amount)
    return {
      answer: (percent * amount) / 100,
      workings: [
        `1 percent of ${amount} is ${one}, times ${percent} is ${saved}.`,
        `1 percent of ${amount} = ${one}, ${percent} x ${one} = ${saved}.`,
      ],
    }
  },
  slots: (core, random, lexicon) => ({
    percent: String(core.percent),
    amount: hundredths(core.amount * 100),
    article: random.pick(lexicon.articles),
    person: random.pick(lexicon.people),
    vendor: random.pick(lexicon.vendors),
  }),
}
