import type { NumberRange } from '../../../../schemas/task.ts'
import type { Band, Skill } from '../skill.ts'
import { hundredths, intInBand } from '../skill.ts'

/** Two or three different prices in cents, lowest first. */
type OfferCore = { cents: number[] }

const bands: Record<NumberRange, Band> = {
  narrow: [1_000, 4_999],
  wide: [1_000, 19_999],
  'heldout-validation': [20_000, 49_999],
  'heldout-test': [50_000, 99_999],
}

/** The lowest of some prices: two whole ones, two close ones, three close ones. */
export const bestOffer: Skill<OfferCore> = {
  name: 'best-offer',
  description: 'The lowest of two or three offered prices.',
  bands,
  sample(random, { difficulty, range }) {
    const [low, high] = bands[range]
    const first = intInBand(random, bands[range], difficulty === 1 ? 100 : 1)
    // Close prices share their leading digits, which is what makes them hard to compare.
    const reach = Math.ceil(first / 5)
    const near: Band = difficulty === 1 ? [low, high] : [Math.max(low, first - reach), Math.min(high, first + reach)]
    const prices = new Set([first])
    while (prices.size < (difficulty === 3 ? 3 : 2)) prices.add(intInBand(random, near, difficulty === 1 ? 100 : 1))
    return { cents: [...prices].sort((a, b) => a - b) }
  },
  size: (core) => core.cents[0]!,
  solve(core) {
    const [lowest, ...rest] = core.cents.map(hundredths)
    return {
      answer: core.cents[0]! / 100,
      workings: [
        `${lowest} is lower than ${rest.join(' and ')}.`,
        `The lowest is ${lowest}, below ${rest.join(' and ')}.`,
      ],
    }
  },
  slots: (core, random, lexicon) => {
    const vendors = random.shuffle(lexicon.vendors)
    const prices = random.shuffle(core.cents)
    return {
      offers: prices.map((price, index) => [vendors[index]!, hundredths(price)] as const),
      article: random.pick(lexicon.articles),
      person: random.pick(lexicon.people),
    }
  },
}
