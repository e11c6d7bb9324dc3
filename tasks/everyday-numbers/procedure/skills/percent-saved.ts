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
const PERCENTAGES = { 1: [10], 2: [20, 30, 50], 3: [5, 40, 60, 70, 80] } as const
const AMOUNT_STEPS = { 1: 5, 2: 2, 3: 1 } as const

function workingsOf(percent: number, amount: number): readonly [string, string] {
  const tenth = hundredths(amount * 10)
  if (percent === 10) return ['One tenth of it.', 'Divide by 10.']
  if (percent === 5) return [`10 percent is ${tenth}, take half.`, `A tenth is ${tenth}, 5 percent is half of that.`]
  const times = percent / 10
  return [`10 percent is ${tenth}, times ${times}.`, `A tenth is ${tenth}, multiply by ${times}.`]
}

/** Percentage of a price: a tenth, then small multiples of it, then larger ones and its half. */
export const percentSaved: Skill<PercentCore> = {
  name: 'percent-saved',
  description: 'The amount that a percentage takes off a price.',
  bands,
  sample: (random, { difficulty, range }) => ({
    percent: random.pick(PERCENTAGES[difficulty]),
    amount: intInBand(random, bands[range], AMOUNT_STEPS[difficulty]),
  }),
  size: (core) => core.amount,
  solve: ({ percent, amount }) => ({ answer: (percent * amount) / 100, workings: workingsOf(percent, amount) }),
  slots: (core, random, lexicon) => ({
    percent: String(core.percent),
    amount: hundredths(core.amount * 100),
    article: random.pick(lexicon.articles),
    person: random.pick(lexicon.people),
    vendor: random.pick(lexicon.vendors),
  }),
}
