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

/** The lowest of some prices: two whole ones, two with cents, three with cents. */
export const bestOffer: Skill<OfferCore> = {
  name: 'best-offer',
  description: 'The lowest of two or three offered prices.',
  bands,
  sample(random, { difficulty, range }) {
    const prices = new Set<number>()
    while (prices.size < (difficulty === 3 ? 3 : 2)) {
      prices.add(intInBand(random, bands[range], difficulty === 1 ? 100 : 1))
    }
    return { cents: [...prices].sort((a, b) => a - b) }
  },
  size: (core) => core.cents[0]!,
  solve: (core) => ({ answer: core.cents[0]! / 100, workings: ['The lowest is asked for.', 'Take the lowest.'] }),
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
