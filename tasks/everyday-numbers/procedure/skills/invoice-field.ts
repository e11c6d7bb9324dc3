import type { NumberRange } from '../../../../schemas/task.ts'
import type { Band, Skill } from '../skill.ts'
import { hundredths, intInBand } from '../skill.ts'

const FIELDS = ['deposit', 'discount', 'shipping', 'subtotal', 'tax', 'total'] as const

/** Amounts in cents beside their field names, and the field asked for. */
type InvoiceCore = { ask: string; fields: string[]; cents: number[] }

const bands: Record<NumberRange, Band> = {
  narrow: [100, 4_999],
  wide: [100, 99_999],
  'heldout-validation': [100_000, 299_999],
  'heldout-test': [300_000, 999_999],
}

/** Pull one named amount out of an invoice line; the difficulty is how many other amounts stand beside it. */
export const invoiceField: Skill<InvoiceCore> = {
  name: 'invoice-field',
  description: 'Pull one named amount out of a messy invoice line with two to four amounts.',
  bands,
  sample(random, { difficulty, range }) {
    const fields = random
      .shuffle(FIELDS)
      .slice(0, difficulty + 1)
      .sort()
    const cents: number[] = []
    while (cents.length < fields.length) {
      const amount = intInBand(random, bands[range])
      if (!cents.includes(amount)) cents.push(amount)
    }
    return { ask: random.pick(fields), fields, cents }
  },
  size: (core) => Math.min(...core.cents),
  solve(core) {
    const cents = core.cents[core.fields.indexOf(core.ask)]!
    return {
      answer: cents / 100,
      workings: [`The ${core.ask} is ${hundredths(cents)}.`, `The ${core.ask} comes to ${hundredths(cents)}.`],
    }
  },
  slots: (core, random, lexicon) => ({
    ask: core.ask,
    lines: random.shuffle(core.fields.map((field, index) => [field, hundredths(core.cents[index]!)] as const)),
    number: String(random.int(1000, 9999)),
    vendor: random.pick(lexicon.vendors),
    person: random.pick(lexicon.people),
  }),
}
