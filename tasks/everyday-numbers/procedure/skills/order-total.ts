import type { NumberRange } from '../../../../schemas/task.ts'
import type { Band, Skill } from '../skill.ts'
import { hundredths, intInBand } from '../skill.ts'

/** So many things at a price in cents each. */
type OrderCore = { count: number; price: number }

/** Cents for one thing. */
const bands: Record<NumberRange, Band> = {
  narrow: [100, 1_000],
  wide: [100, 3_000],
  'heldout-validation': [3_100, 6_000],
  'heldout-test': [6_100, 9_900],
}
const PRICE_STEPS = { 1: 100, 2: 50, 3: 5 } as const
const MAX_COUNTS = { 1: 5, 2: 9, 3: 12 } as const

/** Quantity times price: few things at whole prices, more at halves, up to twelve at any multiple of five cents. */
export const orderTotal: Skill<OrderCore> = {
  name: 'order-total',
  description: 'Total of two to twelve equal things from the price of one.',
  bands,
  sample: (random, { difficulty, range }) => ({
    count: random.int(2, MAX_COUNTS[difficulty]),
    price: intInBand(random, bands[range], PRICE_STEPS[difficulty]),
  }),
  size: (core) => core.price,
  solve({ count, price }) {
    const answer = (count * price) / 100
    const cents = price % 100
    const whole = (price - cents) / 100
    if (cents === 0) return { answer, workings: [`${count} times ${whole}.`, `${count} x ${whole}.`] }
    const parts = [String(count * whole), hundredths(count * cents)] as const
    return {
      answer,
      workings: [
        `${count} times ${whole} is ${parts[0]}, plus ${count} times ${hundredths(cents)} is ${parts[1]}.`,
        `${count} x ${whole} = ${parts[0]}, plus ${count} x ${hundredths(cents)} = ${parts[1]}.`,
      ],
    }
  },
  slots: (core, random, lexicon) => ({
    count: String(core.count),
    price: hundredths(core.price),
    item: random.pick(lexicon.items),
    person: random.pick(lexicon.people),
    vendor: random.pick(lexicon.vendors),
  }),
}
