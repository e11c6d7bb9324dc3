import type { NumberRange } from '../../../../schemas/task.ts'
import type { Band, Skill } from '../skill.ts'
import { hundredths, intInBand } from '../skill.ts'

/** Two or three different prices in cents, in the order in which they are named. */
type OfferCore = { cents: number[] }

/** Cents of the lowest price. */
const bands: Record<NumberRange, Band> = {
  narrow: [100, 1_999],
  wide: [100, 9_999],
  'heldout-validation': [10_000, 24_999],
  'heldout-test': [25_000, 49_999],
}

/** How many times the lowest price another one is, in tenths. */
const RATIOS = { 1: [30, 90], 2: [14, 30], 3: [14, 30] } as const

/** The lowest of some prices: two that lie far apart, two that lie closer, three. */
export const bestOffer: Skill<OfferCore> = {
  name: 'best-offer',
  description: 'The lowest of two or three offered prices.',
  bands,
  sample(random, { difficulty, range }) {
    const lowest = intInBand(random, bands[range])
    const prices = new Set([lowest])
    while (prices.size < (difficulty === 3 ? 3 : 2)) {
      const [low, high] = RATIOS[difficulty]
      prices.add(intInBand(random, [(lowest * low) / 10, (lowest * high) / 10]))
    }
    return { cents: random.shuffle([...prices]) }
  },
  // The same offers in another order are the same problem.
  canonical: (core) => ({ cents: [...core.cents].sort((a, b) => a - b) }),
  size: (core) => Math.min(...core.cents),
  solve(core) {
    const lowest = Math.min(...core.cents)
    const all = core.cents.map(hundredths).join(' and ')
    return {
      answer: lowest / 100,
      workings: [
        `Of ${all} the lowest is ${hundredths(lowest)}.`,
        `Out of ${all} the lowest is ${hundredths(lowest)}.`,
      ],
    }
  },
  slots: (core, random, lexicon) => {
    const vendors = random.shuffle(lexicon.vendors)
    return {
      offers: core.cents.map((price, index) => [vendors[index]!, hundredths(price)] as const),
      article: random.pick(lexicon.articles),
      person: random.pick(lexicon.people),
    }
  },
}
