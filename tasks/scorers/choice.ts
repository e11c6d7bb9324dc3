import { z } from 'zod'
import { lastBoxed } from './answer/boxes.ts'
import { readLetterAnswer } from './answer/letter-answer.ts'
import type { Scorer, ScorerOptions } from './scorer.ts'

const Options = z.strictObject({
  letters: z
    .string()
    .regex(/^[A-Z]+$/)
    .default('ABCDEFGHIJ'),
})

/** The letter alone, in brackets or with a full stop. */
const alone = /^[([]?([A-Za-z])[)\].:]?$/
/** Strict: the reply or its last box is the letter alone. Lenient: the letter that the reply answers with. */
export const choice: Scorer = {
  name: 'choice',
  options: Options,
  score(response, gold, options: ScorerOptions = {}) {
    const { letters } = Options.parse(options)
    const wanted = alone.exec(gold.trim())?.[1]?.toUpperCase()
    if (wanted === undefined || !letters.includes(wanted)) throw new Error(`the gold answer "${gold}" is not a choice`)
    const text = (lastBoxed(response) ?? response).trim()
    const plain = alone.exec(text)?.[1]?.toUpperCase()
    const stated = plain ?? readLetterAnswer(response, letters)
    if (stated === null) return { strict: false, lenient: false, extracted: null, reason: 'no choice' }
    const lenient = stated === wanted
    const strict = lenient && plain !== undefined
    const reason = strict ? 'right' : lenient ? 'right but for its form' : 'wrong'
    return { strict, lenient, extracted: stated, reason }
  },
  inForm: (answer) => answer,
}
