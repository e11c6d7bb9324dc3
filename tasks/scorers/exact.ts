import { z } from 'zod'
import { readNumberAnswer } from './answer/number-answer.ts'
import { isAnswer, readQuantity } from './answer/quantity.ts'
import { foldAnswer, textAnswers } from './answer/text-answer.ts'
import { foldText } from './fold-text.ts'
import type { Scorer, ScorerOptions } from './scorer.ts'

/** `caseSensitive` is about the strict verdict; the lenient one never minds case. */
const Options = z.strictObject({ caseSensitive: z.boolean().default(true) })

/** A gold that is a number alone is compared as one. */
const numberAlone = /^[-+−]?[$€£]?\d[\d,]*(?:\.\d+)?%?$/
const isNear = (value: number, gold: number): boolean => Math.abs(value - gold) <= 1e-9 * Math.abs(gold)

/** Strict: the whole reply is the gold. Lenient: the reply, or the answer that it gives, is the gold but for its form. */
export const exact: Scorer = {
  name: 'exact',
  options: Options,
  score(response, gold, options: ScorerOptions = {}) {
    const { caseSensitive } = Options.parse(options)
    const [stated, wanted] = [response.trim(), gold.trim()]
    const strict = caseSensitive ? stated === wanted : stated.toLowerCase() === wanted.toLowerCase()
    const folded = foldText(gold)
    const plain = foldAnswer(gold)
    let first: string | null = null
    let found = strict || foldText(response) === folded ? stated : null
    if (found === null) {
      for (const answer of textAnswers(response)) {
        first ??= answer
        const isSame = foldText(answer) === folded || (plain !== '' && foldAnswer(answer) === plain)
        if (!isSame) continue
        found = answer
        break
      }
    }
    if (found === null && numberAlone.test(wanted)) found = numberIn(response, wanted)
    const lenient = found !== null
    const reason = strict ? 'equal' : lenient ? 'equal but for its form' : 'different'
    return { strict, lenient, extracted: (found ?? first ?? stated).trim().slice(0, 1_000) || null, reason }
  },
  inForm: (answer) => answer,
}

/** The number that a reply answers with, as text, where it is the gold. */
function numberIn(response: string, gold: string): string | null {
  const [answer, wanted] = [readNumberAnswer(response), readQuantity(gold)]
  return answer && wanted && isAnswer(answer, wanted, isNear) ? String(answer.values[0]) : null
}
