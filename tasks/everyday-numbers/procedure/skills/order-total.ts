import type { NumberRange } from '../../../../schemas/task.ts'
import type { Band, Skill } from '../skill.ts'
import { hundredths, intInBand } from '../skill.ts'

/** So many things at a price in cents each. */
type OrderCore = { count: number; price: number }

/** Cents for one thing. */
const bands: Record<NumberRange, Band> = {
  narrow: [100, 1_000],
  wide: [100, 2_000],
  'heldout-validation': [2_100, 3_000],
  'heldout-test': [3_100, 5_000],
}
const PRICE_STEPS = { 1: 100, 2: 50, 3: 5 } as const
const MAX_COUNTS = { 1: 4, 2: 6, 3: 15 } as const

/** Quantity times price: few things at whole prices, more at halves, up to fifteen at any multiple of five cents. */
export const orderTotal: Skill<OrderCore> = {
  name: 'order-total',
  description: 'Total of two to fifteen equal things from the price of one.',
  bands,
  sample: (random, { difficulty, range }) => ({
    count: random.int(2, MAX_COUNTS[difficulty]),
    price: intInBand(random, bands[range], PRICE_STEPS[difficulty]),
  }),
  size: (core) => core.price,
  solve({ count, price }) {
    const [one, total] = [hundredths(price), hundredths(count * price)]
    return {
      answer: (count * price) / 100,
      workings: [`${count} times ${one} is ${total}.`, `${count} times ${one} makes ${total}.`],
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
