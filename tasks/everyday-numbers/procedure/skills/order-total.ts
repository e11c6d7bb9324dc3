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

/** Quantity times price: whole prices, halves, then any multiple of five cents. */
export const orderTotal: Skill<OrderCore> = {
  name: 'order-total',
  description: 'Total of two to twelve equal things from the price of one.',
  bands,
  sample: (random, { difficulty, range }) => ({
    count: random.int(2, 12),
    price: intInBand(random, bands[range], PRICE_STEPS[difficulty]),
  }),
  size: (core) => core.price,
  solve({ count, price }) {
    const total = hundredths(count * price)
    const cents = price % 100
    if (cents === 0) {
      return {
        answer: (count * price) / 100,
        workings: [`${count} times ${price / 100} is ${total}.`, `${count} x ${price / 100} = ${total}.`],
      }
    }
    const whole = price - cents
    const parts = [hundredths(count * whole), hundredths(count * cents)] as const
    return {
      answer: (count * price) / 100,
      workings: [
        `${count} times ${whole / 100} is ${parts[0]}, ${count} times ${hundredths(cents)} is ${parts[1]}, together ${total}.`,
        `${count} x ${whole / 100} = ${parts[0]}, ${count} x ${hundredths(cents)} = ${parts[1]}, together ${total}.`,
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
