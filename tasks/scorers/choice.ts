import { z } from 'zod'
import { lastBoxed } from './box.ts'
import type { Scorer, ScorerOptions } from './scorer.ts'

const Options = z.strictObject({
  letters: z
    .string()
    .regex(/^[A-Z]+$/)
    .default('ABCDEFGHIJ'),
})

/** The letter alone, in brackets or with a full stop. */
const alone = /^[([]?([A-Za-z])[)\].:]?$/
const named = /(?:answer|option|choice)(?: is)?:?[\s*]{0,4}[([]?([A-Z])(?![A-Za-z])/g
/** An "A" or "I" that starts a phrase is a word. */
const standing = /(?<![A-Za-z'])[([]?([A-Z])(?=[)\].:]|\s{0,4}$)/g

/** Strict: the reply or its last box is the letter alone. Lenient: the last letter that the reply names as its answer. */
export const choice: Scorer = {
  name: 'choice',
  options: Options,
  score(response, gold, options: ScorerOptions = {}) {
    const { letters } = Options.parse(options)
    const wanted = alone.exec(gold.trim())?.[1]?.toUpperCase()
    if (wanted === undefined || !letters.includes(wanted)) throw new Error(`the gold answer "${gold}" is not a choice`)
    const text = (lastBoxed(response) ?? response).trim()
    const plain = alone.exec(text)?.[1]?.toUpperCase()
    const said = plain ?? lastLetter(response, named, letters) ?? lastLetter(response, standing, letters)
    if (said === undefined) return { strict: false, lenient: false, extracted: null, reason: 'no choice' }
    const lenient = said === wanted
    const strict = lenient && plain !== undefined
    const reason = strict ? 'right' : lenient ? 'right but for its form' : 'wrong'
    return { strict, lenient, extracted: said, reason }
  },
  inForm: (answer) => answer,
}

function lastLetter(text: string, pattern: RegExp, letters: string): string | undefined {
  let last: string | undefined
  for (const match of text.matchAll(pattern)) if (letters.includes(match[1]!)) last = match[1]
  return last
}
